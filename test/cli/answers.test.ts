import { run } from '../../cli/program';

test.each([
  ['a refusal that would resume', ['deny', '0123456789abcdef0123', '--resume'], /unknown option '--resume'/],
  ['a refusal that would abort', ['deny', '0123456789abcdef0123', '--abort'], /unknown option '--abort'/],
  ['two answers at once', ['approve', '0123456789abcdef0123', '--resume', '--abort'], /'--resume' cannot be used with option '--abort'/],
])('%s is none', async (_, args, complaint) => {
  let errors = '';
  const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((errors += String(text)), true));
  try {
    expect(await run(['node', 'keyturn', ...args, '--reason', 'I have looked', '--yes-i-mean', 'orders'], {})).toBe(1);
  } finally {
    write.mockRestore();
  }
  expect(errors).toMatch(complaint);
});
