import { setFlagsFromString } from 'node:v8'

// This module is loaded before Cedar's: V8 looks at its flags when the WebAssembly is compiled.

// Without this the process may abort ("Fatal error: unreachable code"; Node 20.20, V8 11.3): when optimised code with a
// WebAssembly call inlined is thrown back while that call is under way, V8's deoptimizer can take over a number as its
// result but no reference, and each of Cedar's functions returns one. test/auth/policy-v8.test.ts provokes it.
setFlagsFromString('--no-turbo-inline-js-wasm-calls')

// Cedar works for a moment at the start, and then only for questions that nobody has asked before. Compiling it twice,
// the second time with every optimisation, takes four times as long as reading the policies itself.
setFlagsFromString('--liftoff-only')
