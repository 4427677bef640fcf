import { z } from 'zod';

// zod probes for `new Function` when a schema is made, which the content security policy reports as a violation.
// Must be imported before anything of the contract.
z.config({ jitless: true });
