import { expect, test } from 'vitest'
import { z } from 'zod'
import { Components } from '../../../src/http/openapi/schemas.ts'

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

test('a schema that contains itself refers to its component', () => {
  const folder = z.object({
    name: z.string(),
    get folders() {
      return z.array(folder)
    },
  })
  const components = new Components()
  expect(components.add('a', 'a.folder', folder, 'output')).toEqual(ref('a.folder'))
  expect(components.schemas['a.folder']).toMatchObject({ properties: { folders: { items: ref('a.folder') } } })
})

test('a schema with an id has one component, and another one where what goes in differs from what comes out', () => {
  const part = z.object({ size: z.number().default(1) }).meta({ id: 'Part' })
  const components = new Components()
  components.add('a', 'a.one', z.object({ part }), 'output')
  components.add('b', 'b.many', z.object({ parts: z.array(part) }), 'output')
  components.add('b', 'b.body', z.object({ part }), 'input')
  expect(Object.keys(components.schemas).sort()).toEqual(['Part', 'Part.2', 'a.one', 'b.body', 'b.many'])
  expect(components.schemas['b.many']).toMatchObject({ properties: { parts: { items: ref('Part') } } })
  expect(components.schemas['b.body']).toMatchObject({ properties: { part: ref('Part.2') } })
})

test('any JSON is one component, wherever it stands', () => {
  const components = new Components()
  components.add('a', 'a.one', z.object({ x: z.json(), y: z.json() }), 'output')
  components.add('b', 'b.two', z.object({ z: z.record(z.string(), z.json()) }), 'input')
  expect(Object.keys(components.schemas).sort()).toEqual(['Json', 'a.one', 'b.two'])
  expect(components.schemas['a.one']).toMatchObject({ properties: { x: ref('Json'), y: ref('Json') } })
})

test('the same schema is one component within a scope, and another in another scope', () => {
  const run = () => z.object({ id: z.string() })
  const components = new Components()
  expect(components.add('a', 'a.list', z.array(run()), 'output')).toEqual(ref('a.list'))
  expect(components.add('a', 'a.get', run(), 'output')).toEqual(ref('a.get'))
  expect(components.add('a', 'a.again', run(), 'output')).toEqual(ref('a.get'))
  expect(components.add('b', 'b.get', run(), 'output')).toEqual(ref('b.get'))
  components.fold()
  expect(components.schemas['a.list']).toEqual({ type: 'array', items: ref('a.get') })
})

test('a scalar stays in place; a time is text; what a transform makes is any value', () => {
  const components = new Components()
  expect(components.add('a', 'a.time', z.date(), 'output')).toEqual({ type: 'string', format: 'date-time' })
  expect(components.add('a', 'a.made', z.string().transform(BigInt), 'output')).toEqual({})
  expect(components.add('a', 'a.sent', z.string().transform(BigInt), 'input')).toEqual({ type: 'string' })
  expect(components.schemas).toEqual({})
})
