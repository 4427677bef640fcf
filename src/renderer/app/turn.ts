/** Lets the page draw and hear keys before what comes next. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
