import { describe, expect, test } from 'vitest'
import { checkpointText, parseCheckpoint } from '../../src/evidence/checkpoint.ts'
import { cosigner, noteSigner, openNote, parseNote, parseVerifierKey, signNote } from '../../src/evidence/note.ts'

const exampleKey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const exampleLine =
  '— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n'
const example = `This is an example message.\n\n${exampleLine}`

/** The example of Go's sumdb/note, whose private key is public too. */
const peter = {
  key: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  secret: 'AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  line: '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
}

const open = (note: string, ...vkeys: string[]) => openNote(parseNote(note), vkeys.map(parseVerifierKey))
const seed = (fill: number) => Buffer.alloc(32, fill)

describe('a signed note', () => {
  test('of the standard opens with its key', () => {
    expect(open(example, exampleKey).map(({ name, id }) => [name, id])).toEqual([['example.com/foo', '530d903a']])
    expect(parseNote(example).text).toBe('This is an example message.\n')
  })

  test('of Go is signed here to the same bytes', () => {
    const signer = noteSigner('PeterNeumann', Buffer.from(peter.secret, 'base64').subarray(1))
    expect(signer.vkey).toBe(peter.key)
    expect(signNote(peter.text, signer)).toBe(`${peter.text}\n${peter.line}`)
    expect(open(`${peter.text}\n${peter.line}`, peter.key)).toHaveLength(1)
  })

  test('may have empty lines in its text', () => {
    const signer = noteSigner('a', seed(1))
    expect(parseNote(signNote('one\n\ntwo\n\n', signer)).text).toBe('one\n\ntwo\n\n')
  })

  test('is not opened by a line of an unknown key, which is passed over beside a known one', () => {
    const [a, b] = [noteSigner('a', seed(1)), noteSigner('b', seed(2))]
    const note = signNote('text\n', a, b)
    expect(open(note, b.vkey)).toHaveLength(1)
    expect(() => open(note, noteSigner('c', seed(1)).vkey)).toThrow('no signature of a known key')
    expect(() => open(note, noteSigner('a', seed(2)).vkey)).toThrow('no signature of a known key')
    expect(() => open(note)).toThrow('no signature of a known key')
  })

  test('is refused for a wrong signature of a known key, though another is right', () => {
    const [a, b] = [noteSigner('a', seed(1)), noteSigner('b', seed(2))]
    const wrong = `text\n\n${a.sign('text\n')}${b.sign('other\n')}`
    expect(() => open(wrong, a.vkey, b.vkey)).toThrow('the signature of b is wrong')
    expect(open(wrong, a.vkey)).toHaveLength(1)
  })

  test('may have sixteen signatures and more, but not any number', () => {
    const signers = Array.from({ length: 16 }, (_, n) => noteSigner(`key${n}`, seed(n)))
    expect(open(signNote('text\n', ...signers), ...signers.map(({ vkey }) => vkey))).toHaveLength(16)
    expect(() => parseNote(`text\n\n${exampleLine.repeat(65)}`)).toThrow('more than 64 signatures')
  })

  test.each([
    ['without a newline at its end', example.slice(0, -1), 'ends in a newline'],
    ['without a blank line', `text\n${exampleLine}`, 'blank line'],
    ['without a signature', 'text\n\n', 'not of the form'],
    ['with a control character', `te\txt\n\n${exampleLine}`, 'control character'],
    ['with a carriage return', `text\r\n\n${exampleLine}`, 'control character'],
    ['with half of a surrogate pair', `te\ud800xt\n\n${exampleLine}`, 'control character'],
    ['with a hyphen for the dash', example.replace('—', '-'), 'not of the form'],
    ['with two spaces', example.replace('foo ', 'foo  '), 'not of the form'],
    ['with a plus in the name', example.replace('foo', 'f+o'), 'not of the form'],
    ['with a no-break space in the name', example.replace('foo', 'f\u00a0o'), 'not of the form'],
    ['without padding', example.replace('QM=', 'QM'), 'strict base64'],
    ['with stray bits in its base64', example.replace('QM=', 'QN='), 'strict base64'],
    ['with a key id alone', 'text\n\n— example.com/foo Uw2QOg==\n', 'too short'],
    ['with a word more in the line', example.replace('QM=', 'QM= x'), 'not of the form'],
  ])('is refused %s', (_, note, reason) => {
    expect(() => parseNote(note)).toThrow(reason)
  })

  test('is refused when the signature has another length', () => {
    const note = 'text\n\n— example.com/foo Uw2QOgAAAAAA\n'
    expect(() => open(note, exampleKey)).toThrow('the signature of example.com/foo is wrong')
  })

  test('is not made of a text that cannot be one, nor without a signer, a seed or a name', () => {
    const signer = noteSigner('a', seed(1))
    expect(() => signer.sign('no newline')).toThrow('ends in a newline')
    expect(() => signer.sign('tab\t\n')).toThrow('control character')
    expect(() => signNote('text\n')).toThrow(RangeError)
    expect(() => noteSigner('a', seed(1).subarray(1))).toThrow('a seed of 31 bytes')
    expect(() => noteSigner('a b', seed(1))).toThrow('not the name of a key')
  })
})

describe('a verifier key', () => {
  test.each([
    ['no key at all', '', 'not a verifier key'],
    ['upper-case hex', exampleKey.replace('530d903a', '530D903A'), 'not a verifier key'],
    ['no name', exampleKey.replace('example.com/foo', ''), 'not a verifier key'],
    ['another name', exampleKey.replace('foo', 'bar'), 'does not have the id'],
    ['another id', exampleKey.replace('530d903a', '530d903b'), 'does not have the id'],
    ['loose base64', `${exampleKey}=`, 'strict base64'],
    ['another type', 'a+00000000+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'type 2'],
    ['a byte too few', `a+00000000+${Buffer.alloc(32, 1).toString('base64')}`, '31 bytes'],
  ])('is refused with %s', (_, vkey, reason) => {
    expect(() => parseVerifierKey(vkey)).toThrow(reason)
  })
})

describe('a checkpoint', () => {
  const root = Buffer.from('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', 'base64')
  const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'

  test('is written and read as in the standard', () => {
    const checkpoint = { origin: 'example.com/behind-the-sofa', size: 20_852_163, root }
    expect(checkpointText(checkpoint)).toBe(text)
    expect(parseCheckpoint(text)).toEqual(checkpoint)
    expect(parseCheckpoint(`${text}an extension\nand another\n`)).toEqual(checkpoint)
  })

  test.each([
    ['no origin', text.replace('example.com/behind-the-sofa', ''), 'each on a line'],
    ['no newline', text.slice(0, -1), 'each on a line'],
    ['an empty extension line', `${text}\n`, 'each on a line'],
    ['leading zeroes', text.replace('20852163', '020852163'), 'not a decimal number'],
    ['a sign', text.replace('20852163', '+20852163'), 'not a decimal number'],
    ['a size of 2^53', text.replace('20852163', '9007199254740992'), 'not a decimal number'],
    ['a short root', text.replace(/\n[^\n]*=\n/, '\nAAAA\n'), '3 bytes instead of 32'],
    ['a root in loose base64', text.replace('q2I=', 'q2J='), 'strict base64'],
    ['no root', 'a\n1\n', '0 bytes'],
  ])('is refused with %s', (_, broken, reason) => {
    expect(() => parseCheckpoint(broken)).toThrow(reason)
  })
})

describe('a cosignature', () => {
  const log = noteSigner('example.com/log', seed(1))
  const witness = cosigner('witness.example/w', seed(2), () => 1_679_315_147)
  const text = checkpointText({ origin: 'example.com/log', size: 0, root: Buffer.alloc(32) })

  test('is made with its time and verified beside the signature of the log', () => {
    const note = signNote(text, log, witness)
    expect(open(note, log.vkey, witness.vkey).map(({ type }) => type)).toEqual(['ed25519', 'cosignature'])
    const bytes = parseNote(note).signatures[1]?.bytes ?? Buffer.alloc(0)
    expect(bytes).toHaveLength(72)
    expect(Buffer.from(bytes).readBigUInt64BE()).toBe(1_679_315_147n)
  })

  test('is refused with another time, one over 2^63, another text, or of another length', () => {
    const [name = '', encoded = ''] = witness.sign(text).slice(2).trim().split(' ')
    const altered = (change: (bytes: Buffer) => Buffer, signed = text) =>
      `${signed}\n— ${name} ${change(Buffer.from(encoded, 'base64')).toString('base64')}\n`
    expect(
      open(
        altered((bytes) => bytes),
        witness.vkey,
      ),
    ).toHaveLength(1)
    const wrong = [
      altered((bytes) => Buffer.from(bytes.fill(1, 11, 12))),
      altered((bytes) => Buffer.from(bytes.fill(0xff, 4, 5))),
      altered((bytes) => bytes.subarray(0, -1)),
      altered((bytes) => bytes, `${text}extension\n`),
    ]
    for (const note of wrong) expect(() => open(note, witness.vkey)).toThrow('is wrong')
  })

  test('does not stand for a signature of the same key, nor the other way round', () => {
    const same = noteSigner(witness.name, seed(2))
    expect(same.vkey).not.toBe(witness.vkey)
    expect(() => open(signNote(text, same), witness.vkey)).toThrow('no signature of a known key')
  })
})
