import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface Lock {
  packages: Record<string, { resolved?: string; optionalDependencies?: Record<string, string> }>
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock

/** Optional dependencies that have no entry anywhere; each of them makes `npm ci` refuse the lock. */
const missingFrom = ({ packages }: Lock): string[] => {
  const present = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')))
  const optional = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
  return optional.filter((name) => !present.has(name))
}

test('every optional dependency of the lockfile has its entry', () => {
  expect(missingFrom(lock)).toEqual([])
})

test('a lockfile with a hole is found out', () => {
  const { 'node_modules/@biomejs/cli-linux-x64': _, ...packages } = lock.packages
  expect(missingFrom({ packages })).toEqual(['@biomejs/cli-linux-x64'])
})

test('the lockfile names no registry', () => {
  expect(Object.values(lock.packages).filter(({ resolved }) => resolved !== undefined)).toEqual([])
})
