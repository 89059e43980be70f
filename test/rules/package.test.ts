import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { apiVersion } from '../../src/http/app.ts'

const versions = z.record(z.string(), z.string())
const dependencies = z.object({ dependencies: versions, devDependencies: versions })
const manifest = dependencies.parse(JSON.parse(readFileSync('package.json', 'utf8')))
const lock = z
  .object({ packages: z.looseObject({ '': dependencies }) })
  .parse(JSON.parse(readFileSync('package-lock.json', 'utf8')))

const exact = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/
const inexact = (...groups: Record<string, string>[]) =>
  groups.flatMap((group) => Object.entries(group).filter(([, version]) => !exact.test(version)))

describe('what the project is made of', () => {
  test('is pinned to exact versions', () => {
    expect(inexact(manifest.dependencies, manifest.devDependencies)).toEqual([])
    expect(inexact({ a: '^1.2.3', b: '~1.2.3', c: '1.x', d: 'latest', e: '1.2', f: 'file:../f' })).toHaveLength(6)
    expect(inexact({ a: '1.2.3', b: '1.5.6-r.1' })).toEqual([])
  })

  test('has the version that the API tells', () => {
    expect(z.object({ version: z.string() }).parse(JSON.parse(readFileSync('package.json', 'utf8'))).version).toBe(
      apiVersion,
    )
  })

  test('is what the lockfile has', () => {
    expect(lock.packages['']).toMatchObject(manifest)
  })

  test('runs no script of a package when it is installed', () => {
    const settings = readFileSync('.npmrc', 'utf8').split('\n')
    expect(settings).toContain('ignore-scripts=true')
  })
})
