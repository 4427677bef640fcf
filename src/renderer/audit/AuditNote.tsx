import { Dices } from 'lucide-react';

/** Says of an image whose labels are kept out of training that they are, and whether it is asked without the model's opinion. */
export function AuditNote({ blind }: { readonly blind: boolean }) {
  return (
    <div className="why audit" data-testid="reason" data-reason="audit" data-use="audit" data-blind={blind}>
      <Dices size={16} aria-hidden />
      <div>
        <span className="why-title">Audit image</span>
        <span>
          {blind
            ? 'Answered without the model’s opinion, and kept out of training: it measures the model.'
            : 'Kept out of training, as when it was answered for the audit.'}
        </span>
      </div>
    </div>
  );
}
