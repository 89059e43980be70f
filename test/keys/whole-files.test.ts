import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WholeFiles } from '../../src/keys/whole-files.ts'

const opened = async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ledgerline-files-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const files = await WholeFiles.open(dir)
  return {
    files,
    textOf: async (path: string) => (await files.read(path))?.text,
    left: () => readdirSync(join(dir, 'tmp')),
  }
}

test('of two that create a file one wins, and the file is the winner’s', async () => {
  const { files, textOf, left } = await opened()
  const won = await Promise.all(['one', 'two', 'three'].map((text) => files.create('a/b', text)))
  expect(won.filter(Boolean)).toHaveLength(1)
  expect(await textOf('a/b')).toBe(['one', 'two', 'three'][won.indexOf(true)])
  expect(left()).toEqual([])
})

test('a file that takes another’s place has another stamp, even with the same text', async () => {
  const { files } = await opened()
  await files.put('a', 'text')
  const stamp = await files.stampOf('a')
  expect(stamp).toBe((await files.read('a'))?.stamp)
  await files.put('a', 'text')
  expect(await files.stampOf('a')).not.toBe(stamp)
})

describe('removing a file with a certain text', () => {
  test('removes it, and leaves one with another text alone', async () => {
    const { files, textOf, left } = await opened()
    await files.put('a', 'mine')
    await files.removeIf('a', 'other')
    expect(await textOf('a')).toBe('mine')
    await files.removeIf('a', 'mine')
    expect(await textOf('a')).toBeUndefined()
    await files.removeIf('a', 'mine')
    expect(left()).toEqual([])
  })

  test('gives back one that another process has put in its place meanwhile', async () => {
    const { files, textOf, left } = await opened()
    await files.put('a', 'new')
    const read = files.read.bind(files)
    files.read = async () => {
      files.read = read
      return { text: 'old', stamp: '' }
    }
    await files.removeIf('a', 'old')
    expect(await textOf('a')).toBe('new')
    expect(left()).toEqual([])
  })
})
