import { z } from 'zod'

/** Who acted, as metadata and approvals hold it. */
export const actor = z.object({
  pseudonym: z.string(),
  kind: z.enum(['person', 'service']),
  roles: z.array(z.string()),
  authMethod: z.string(),
  onBehalfOf: z.string().exactOptional(),
})
