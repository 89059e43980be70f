import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'

describe('TRUSTED_PROXIES', () => {
  test('names addresses and networks; without it there are none', () => {
    const { trustedProxies } = loadConfig({ TRUSTED_PROXIES: '10.0.0.0/8, ::1' })
    expect(trustedProxies).toEqual(['10.0.0.0/8', '::1'])
    expect(loadConfig({}).trustedProxies).toEqual([])
  })

  test.each(['gateway', '10.0.0.0/8,10.0.0.0/40', '*'])('is not %s', (text) => {
    const wrong = text.split(',').at(-1)
    expect(() => loadConfig({ TRUSTED_PROXIES: text })).toThrow(
      `TRUSTED_PROXIES: ${wrong} is neither an address nor a network like 10.0.0.0/8`,
    )
  })
})
