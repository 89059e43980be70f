import { expect, test } from 'vitest'
import { noMetadata, parseMetadata, withTruncateBefore } from '../../../src/embedded/store/metadata.ts'

const parse = (text: string) => parseMetadata(true, Buffer.from(text))

test('the mark of a soft delete is 2^63 - 1 exactly, which a JSON number cannot tell from its neighbours', () => {
  expect(parse('{"$tb":9223372036854775807}').softDeleted).toBe(true)
  expect(parse('{"$tb":9223372036854775806}').softDeleted).toBe(false)
  expect(parse('{"$tb":9223372036854775808}')).toEqual(noMetadata)
})

test('a new $tb leaves every other key as it was, large numbers and odd strings too', () => {
  const text = '{"a":"9007199254740993","$tb":9223372036854775807,"b":[9007199254740993,-12345678901234567890,1.5]}'
  const expected = '{"a":"9007199254740993","$tb":7,"b":[9007199254740993,-12345678901234567890,1.5]}'
  expect(withTruncateBefore(Buffer.from(text), 7)?.toString()).toBe(expected)
})

test('digits within strings are not numbers', () => {
  expect(parse('{"note":"x\\"12345678901234567890","$maxCount":2}').maxCount).toBe(2)
  expect(parse('{"$maxCount":"\\u00009007199254740993"}')).toEqual(noMetadata)
})

test('data that is a view into a larger buffer is read within its bounds', () => {
  const whole = Buffer.from('xx{"$maxCount":3}yy')
  expect(parseMetadata(true, whole.subarray(2, -2)).maxCount).toBe(3)
})
