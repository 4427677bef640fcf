import { useEffect } from 'react';
import { useServices } from './environment';
import { useSignal } from './signal';

/** Sets data-theme on the document: the person's choice, or what the system says. */
export function useTheme(): void {
  const { theme } = useSignal(useServices().settings.current);
  useEffect(() => {
    const system = matchMedia('(prefers-color-scheme: light)');
    const show = () => {
      document.documentElement.dataset['theme'] = theme === 'system' ? (system.matches ? 'light' : 'dark') : theme;
    };
    show();
    system.addEventListener('change', show);
    return () => system.removeEventListener('change', show);
  }, [theme]);
}
