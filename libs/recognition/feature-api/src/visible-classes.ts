import type { SignedInUser } from '@repo/http';
import type { PhotoCatalogue } from '@repo/recognition-domain';

/** Whether somebody may know of a class. */
export type VisibleClasses = (label: string) => boolean;

/** The names of other people's categories are theirs; an administrator sees all. */
export async function visibleClasses(user: SignedInUser, catalogue: PhotoCatalogue): Promise<VisibleClasses> {
  if (user.role === 'admin') {
    return () => true;
  }
  const own = new Set((await catalogue.categories(user.id)).map(({ label }) => label));
  return (label) => own.has(label);
}
