/** What became of a message. Both kinds acknowledge it; errors are thrown. */
export type Outcome = { readonly kind: 'done' } | { readonly kind: 'skipped'; readonly why: string };

export const done = (): Outcome => ({ kind: 'done' });
/** The work was not needed any more, e.g. because the photo was deleted meanwhile. */
export const skipped = (why: string): Outcome => ({ kind: 'skipped', why });
