import './v8-flags.ts'

export type {
  DetailedError,
  EntityJson,
  PolicyJson,
  Response,
  StatefulAuthorizationCall,
} from '@cedar-policy/cedar-wasm/nodejs'
export {
  checkParseSchema,
  policySetTextToParts,
  policyToJson,
  preparsePolicySet,
  statefulIsAuthorized,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs'
