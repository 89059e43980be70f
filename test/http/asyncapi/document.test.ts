import specifications from '@asyncapi/specs'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { cloudEventOf, eventSubject } from '../../../src/app/cloud-events.ts'
import { apiVersion } from '../../../src/http/app.ts'
import { asyncApiDocument } from '../../../src/http/asyncapi/document.ts'
import { entities, publishedTypes, typesOf } from '../../../src/http/native/events/published.ts'
import { openApi } from '../../support/api.ts'
import { examples, ledgerEvents } from '../../support/events.ts'
import { tenant } from '../../support/ids.ts'
import { at } from '../openapi/reading.ts'

const document = asyncApiDocument({ version: '1.2.3' })
const keysOf = (...path: string[]): string[] => Object.keys(z.looseObject({}).parse(at(document, ...path)))

const specification: object = specifications.schemas['3.0.0']
// The specification brings its own copy of JSON Schema.
const official = new Ajv({ strict: false, allErrors: true, validateSchema: false, meta: false })
formats.default(official)
const isValid = official.compile(specification)
const faults = (changed: object): string[] => {
  isValid(changed)
  return isValid.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`) ?? []
}

const ajv = new Ajv({ strict: false })
formats.default(ajv)
ajv.addSchema(document, 'document', undefined, false)
const payloadFaults = (message: string, payload: unknown): string | null => {
  const validate = ajv.getSchema(`document#/components/messages/${message}/payload`)
  if (!validate) throw new Error(`no message ${message}`)
  return validate(payload) ? null : ajv.errorsText(validate.errors)
}

describe('the AsyncAPI document', () => {
  test('is valid by the official schema of AsyncAPI 3.0.0', () => {
    expect(faults(document)).toEqual([])
  })

  test.each([
    ['info', (copy: Record<string, unknown>) => delete copy.info],
    [
      'an action',
      (copy: Record<string, unknown>) =>
        Object.assign(at(copy, 'operations', 'streamEvents') as object, { action: 'publish' }),
    ],
    [
      'a binding',
      (copy: Record<string, unknown>) =>
        Object.assign(at(copy, 'operations', 'callWebhooks', 'bindings', 'http') as object, { method: 'SEND' }),
    ],
    [
      'a schema',
      (copy: Record<string, unknown>) =>
        Object.assign(at(copy, 'components', 'schemas', 'CloudEvent') as object, { type: 'thing' }),
    ],
  ])('is invalid where %s is wrong (so the check above can fail)', (_, change) => {
    const copy = z.record(z.string(), z.unknown()).parse(structuredClone(document))
    change(copy)
    expect(faults(copy)).not.toEqual([])
  })

  test('has no reference that leads nowhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path)
    expect(references.length).toBeGreaterThan(100)
    for (const path of references) expect(at(document, ...path.split('/')), path).toBeTypeOf('object')
  })

  test('has one message for each type of events that is published, in both channels', () => {
    const types = [...publishedTypes].sort()
    for (const channel of ['events', 'eventStream'])
      expect(keysOf('channels', channel, 'messages').sort()).toEqual(types)
    expect(at(document, 'channels', 'events', 'parameters', 'type', 'enum')).toEqual(publishedTypes)
    expect(at(document, 'channels', 'events', 'parameters', 'entity', 'enum')).toEqual(entities)
  })

  test("has the subject of NATS as the channel's address", () => {
    const address = z.string().parse(at(document, 'channels', 'events', 'address'))
    const filled = address.replace('{tenant}', tenant).replace('{entity}', 'run').replace('{type}', 'RunFailed')
    expect(filled).toBe(eventSubject(tenant, 'run', 'RunFailed'))
    expect(keysOf('components', 'schemas', 'NatsHeaders', 'properties')).toEqual(['Nats-Msg-Id', 'Ledger-Position'])
  })

  test('holds no signing secret', () => {
    expect(keysOf('components', 'schemas', 'WebhookRegistered', 'properties')).toContain('url')
    expect(JSON.stringify(document)).not.toContain('"secret"')
  })
})

describe('every example of a published type', () => {
  const published = entities.flatMap((entity) =>
    typesOf(entity).flatMap((type) =>
      ledgerEvents(examples[type], { stream: `${entity}-${tenant}.some.thing` }).map((event) => ({ type, event })),
    ),
  )

  test.each(published.map(({ type, event }) => [type, event] as const))('%s fits its message', (type, event) => {
    const { cloudEvent } = cloudEventOf(event) ?? {}
    expect(cloudEvent).toBeDefined()
    expect(payloadFaults(type, JSON.parse(JSON.stringify(cloudEvent)))).toBe(null)
  })

  test('fits no other message, nor without its envelope, nor without what it must carry', () => {
    expect(published.length).toBeGreaterThan(30)
    for (const { type, event } of published) {
      const { data, ...envelope } = JSON.parse(JSON.stringify(cloudEventOf(event)?.cloudEvent))
      const [other = ''] = publishedTypes.filter((each) => each !== type)
      expect(payloadFaults(other, { ...envelope, data })).toContain('/type must be equal to constant')
      const { time: _, ...late } = envelope
      expect(payloadFaults(type, { ...late, data })).toContain("must have required property 'time'")
      expect(payloadFaults(type, { ...envelope, data: {} })).toContain('must have required property')
      // So it comes over NATS where it is too large.
      expect(payloadFaults(type, envelope)).toBe(null)
    }
  })
})

describe('GET /asyncapi.json', () => {
  test('gives the document to anyone, and 304 to who has it', async () => {
    const { app } = await openApi({ open: false })
    const response = await app.request('/asyncapi.json')
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(asyncApiDocument({ version: apiVersion }))))
    const tag = response.headers.get('etag') ?? ''
    expect((await app.request('/asyncapi.json', { headers: { 'if-none-match': tag } })).status).toBe(304)
  })
})
