import streamsPb from '@eventstore/db-client/generated/streams_pb.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeAppend, decodeBatchFragment } from '../../../src/embedded/append-request.ts'
import { decodeRecord, encodeRecord, streamOf } from '../../../src/embedded/store/record.ts'
import { ProtoReader } from '../../../src/embedded/wire/reader.ts'
import { ProtoWriter } from '../../../src/embedded/wire/writer.ts'

const bytes = fc.uint8Array({ maxLength: 40_000 }).map((array) => Buffer.from(array))
const event = fc.record({
  id: fc.uuid().map((id) => id.toLowerCase()),
  type: fc.string({ minLength: 1, unit: 'grapheme' }),
  isJson: fc.boolean(),
  data: bytes,
  metadata: bytes,
})
const place = fc.record({
  stream: fc.string({ minLength: 1, unit: 'grapheme' }),
  revision: fc.nat(Number.MAX_SAFE_INTEGER),
  position: fc.nat(Number.MAX_SAFE_INTEGER),
  created: fc.nat(4_000_000_000_000),
})

test('a record is what the generated code reads as an event, and decodes to what was encoded', () => {
  fc.assert(
    fc.property(event, place, (proposed, where) => {
      const record = encodeRecord(proposed, where)
      expect(decodeRecord(record)).toEqual({
        ...proposed,
        stream: where.stream,
        revision: where.revision,
        position: where.position,
      })
      expect(streamOf(record)).toBe(where.stream)
      const response = streamsPb.ReadResp.deserializeBinary(record).getEvent()
      expect(response?.getCommitPosition()).toBe(String(where.position))
      const recorded = response?.getEvent()
      expect(recorded?.getId()?.getString()).toBe(proposed.id)
      expect(recorded?.getStreamRevision()).toBe(String(where.revision))
      expect(recorded?.getPreparePosition()).toBe(String(where.position))
      expect(recorded?.getMetadataMap().get('type')).toBe(proposed.type)
      expect(recorded?.getMetadataMap().get('created')).toBe(`${where.created}0000`)
      expect(Buffer.from(recorded?.getData_asU8() ?? [])).toEqual(proposed.data)
      expect(Buffer.from(recorded?.getCustomMetadata_asU8() ?? [])).toEqual(proposed.metadata)
    }),
    { numRuns: 60 },
  )
})

test('unsigned 64-bit numbers survive writing and reading', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      const writer = new ProtoWriter()
      writer.uint64(5, value)
      const reader = new ProtoReader(writer.finish())
      expect(reader.field()).toBe(5)
      expect(reader.uint64()).toBe(value)
    }),
  )
})

test('any bytes are decoded or refused with an error, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (array) => {
      for (const decode of [decodeAppend, decodeBatchFragment]) {
        try {
          decode(Buffer.from(array))
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }
    }),
    { numRuns: 2000 },
  )
})
