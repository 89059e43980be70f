import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createDurably, digestOf, makeFolder, writeDurably } from '../../../src/engines/local/files.ts'
import { temporaryFolder } from './support/bench.ts'

describe('a file that is written durably', () => {
  test('has its name only when it is whole', async () => {
    const folder = join(await temporaryFolder(), 'new', 'folder')
    const path = await writeDurably(
      folder,
      (written) => `named-${written.endsWith('.tmp')}`,
      async (temporary) => {
        await writeFile(temporary, 'whole')
        expect((await readdir(folder)).filter((name) => !name.startsWith('.'))).toEqual([])
      },
    )
    expect(path).toBe(join(folder, 'named-true'))
    expect(await readFile(path, 'utf8')).toBe('whole')
    expect(await readdir(folder)).toEqual(['named-true'])
  })

  test('leaves nothing when the writing fails', async () => {
    const folder = await temporaryFolder()
    const half = async (temporary: string) => {
      await writeFile(temporary, 'half')
      throw new Error('the disk is full')
    }
    await expect(writeDurably(folder, () => 'name', half)).rejects.toThrow('the disk is full')
    expect(await readdir(folder)).toEqual([])
  })
})

test('of many that create one file at once a single one does, and the file is whole', async () => {
  const folder = join(await temporaryFolder(), 'new')
  const path = join(folder, 'name')
  const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`)
  const created = await Promise.all(texts.map((text) => createDurably(path, text)))
  expect(created.filter(Boolean)).toHaveLength(1)
  expect(await readFile(path, 'utf8')).toBe(texts[created.indexOf(true)])
  expect(await readdir(folder)).toEqual(['name'])
})

test('a folder that is there already is no failure', async () => {
  const folder = join(await temporaryFolder(), 'a', 'b')
  await Promise.all([makeFolder(folder), makeFolder(folder), makeFolder(join(folder, 'c'))])
  expect(await readdir(folder)).toEqual(['c'])
})

test('a digest is SHA-256 in lower-case hex, with the size in bytes', async () => {
  const path = join(await temporaryFolder(), 'abc')
  await writeFile(path, 'abc')
  expect(await digestOf(path)).toEqual({
    sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    bytes: 3,
  })
})
