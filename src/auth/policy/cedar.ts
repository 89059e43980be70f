import { setFlagsFromString } from 'node:v8'

// Without this the process may abort ("Fatal error: unreachable code"; Node 20.20, V8 11.3): when optimised code with a
// WebAssembly call inlined is thrown back while that call is under way, V8's deoptimizer can take over a number as its
// result but no reference, and each of Cedar's functions returns one. test/auth/policy-v8.test.ts provokes it.
setFlagsFromString('--no-turbo-inline-js-wasm-calls')

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
