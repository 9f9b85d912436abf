import { SetMetadata } from '@nestjs/common';

/**
 * A route of the platform's own that needs no sign-in. The same mark as `Public()` of
 * shared/http, which can't be imported here: it would bring uploads into services that take none.
 */
export const OpenToAll = () => SetMetadata('http:access', { kind: 'public' });
