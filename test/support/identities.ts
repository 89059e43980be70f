import { type Identity, roles } from '../../src/auth/principal.ts'
import { tenant } from './ids.ts'

/** Who a token names: a person of the tests' tenant with every role, but for what is given. */
export const identityOf = (subject: string, over: Partial<Identity> = {}): Identity => ({
  issuer: 'https://issuer.example',
  subject,
  kind: 'person',
  tenants: [tenant],
  roles,
  plan: null,
  name: `${subject} the caller`,
  authMethod: 'jwt',
  onBehalfOf: null,
  ...over,
})
