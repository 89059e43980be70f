import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { expect, test } from 'vitest'
import { preparsePolicySet, statefulIsAuthorized } from '../../src/auth/policy/cedar.ts'

test('the process survives when optimised code is thrown back in the middle of a call to Cedar', () => {
  setFlagsFromString('--allow-natives-syntax')
  const native = (name: string): ((of: unknown) => void) => runInThisContext(`(f) => %${name}(f)`)
  const prepare = native('PrepareFunctionForOptimization')
  const optimize = native('OptimizeFunctionOnNextCall')
  const throwBack = native('DeoptimizeFunction')

  preparsePolicySet('v8', { staticPolicies: { all: 'permit(principal, action, resource);' } })
  let thrownBack = 0
  const ask = (isThrownBack: boolean) =>
    statefulIsAuthorized({
      // Cedar reads this while its call is under way.
      get principal() {
        if (isThrownBack) {
          thrownBack++
          throwBack(statefulIsAuthorized)
        }
        return { type: 'P', id: 'p' }
      },
      action: { type: 'Action', id: 'a' },
      resource: { type: 'R', id: 'r' },
      context: {},
      entities: [],
      preparsedPolicySetId: 'v8',
    }).type

  prepare(statefulIsAuthorized)
  for (let call = 0; call < 200; call++) ask(false)
  optimize(statefulIsAuthorized)
  ask(false)
  expect([ask(true), thrownBack]).toEqual(['success', 1])
})
