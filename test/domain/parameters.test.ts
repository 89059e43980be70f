import { describe, expect, test } from 'vitest'
import { Rejection } from '../../src/domain/codes.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import type { ParameterSpec } from '../../src/domain/pipeline/manifest.ts'
import { resolveParameters } from '../../src/domain/pipeline/parameters.ts'
import { manifestOf } from '../support/manifests.ts'

const spec = (over: Partial<ParameterSpec> = {}): ParameterSpec => ({
  type: 'integer',
  default: null,
  minimum: null,
  maximum: null,
  ...over,
})
const resolve = (parameters: Record<string, ParameterSpec>, given: JsonObject) =>
  resolveParameters(manifestOf({ parameters }), given)

const refusal = (parameters: Record<string, ParameterSpec>, given: JsonObject) => {
  try {
    resolve(parameters, given)
  } catch (error) {
    if (error instanceof Rejection) return { code: error.code, ...error.details, message: error.message }
    throw error
  }
  return null
}

describe('a manifest that declares no parameters', () => {
  test('takes any', () => {
    expect(resolve({}, { a: 1, b: { c: [null] } })).toEqual({ a: 1, b: { c: [null] } })
  })
})

describe('a manifest that declares parameters', () => {
  test('gives its defaults for what is left out, or is null', () => {
    const specs = { days: spec({ default: 180 }), label: spec({ type: 'string' }) }
    expect(resolve(specs, {})).toEqual({ days: 180, label: null })
    expect(resolve(specs, { days: null, label: 'x' })).toEqual({ days: 180, label: 'x' })
  })

  test('keeps what was given, also where it is false, zero or empty', () => {
    const specs = {
      on: spec({ type: 'boolean', default: true }),
      n: spec({ default: 5 }),
      s: spec({ type: 'string', default: 'x' }),
    }
    expect(resolve(specs, { on: false, n: 0, s: '' })).toEqual({ on: false, n: 0, s: '' })
  })

  test('takes no others, and says which it knows', () => {
    expect(refusal({ days: spec(), label: spec() }, { day: 1 })).toEqual({
      code: 'VALIDATION_FAILED',
      field: 'config.day',
      message: 'config.day is not a parameter of this pipeline; it knows days, label',
    })
  })

  test.each(['constructor', 'toString', 'valueOf'])('may call one %s', (name) => {
    expect(resolve({ [name]: spec({ type: 'string', default: 'x' }) }, {})).toEqual({ [name]: 'x' })
    expect(refusal({ days: spec() }, { [name]: 1 })).toMatchObject({ field: `config.${name}` })
  })
})

describe('a value', () => {
  test.each([
    ['integer', 1.5],
    ['integer', '1'],
    ['integer', 2 ** 53],
    ['integer', true],
    ['number', '1.5'],
    ['string', 1],
    ['boolean', 'true'],
    ['boolean', 0],
    ['string', { a: 1 }],
    ['number', [1]],
  ] as const)('that is no %s is refused: %j', (type, value) => {
    expect(refusal({ p: spec({ type }) }, { p: value as JsonObject[string] })).toEqual({
      code: 'VALIDATION_FAILED',
      field: 'config.p',
      message: `config.p must be of type ${type}`,
    })
  })

  test.each([
    ['integer', -3],
    ['number', 1.5],
    ['number', 2],
    ['string', ''],
    ['boolean', false],
  ] as const)('that is a %s is taken: %j', (type, value) => {
    expect(resolve({ p: spec({ type }) }, { p: value })).toEqual({ p: value })
  })

  test('is held to its bounds, which belong to the range', () => {
    const specs = { p: spec({ type: 'number', minimum: 0, maximum: 1 }) }
    expect(resolve(specs, { p: 0 })).toEqual({ p: 0 })
    expect(resolve(specs, { p: 1 })).toEqual({ p: 1 })
    expect(refusal(specs, { p: -0.1 })).toMatchObject({ message: 'config.p must be at least 0' })
    expect(refusal(specs, { p: 1.1 })).toMatchObject({ message: 'config.p must be at most 1' })
  })
})
