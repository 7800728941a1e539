import { isSecretName, withoutSecrets } from './secrets.js';

const hide = (text: string): string => withoutSecrets(text, () => '#');

describe('secrets in free text', () => {
  it.each([
    ['-Password "P@ss w0rd" -Path x', '-Password "#" -Path x'],
    ['tool.exe /password:hunter2 /quiet', 'tool.exe /password:# /quiet'],
    ['-SetupSet -SetupPassword bcp55', '-SetupSet -SetupPassword #'],
    ['manage -pin 123456', 'manage -pin #'],
    ["$AdminPassword = 'abc'", "$AdminPassword = '#'"],
    ['{"password": "abc"}', '{"password": "#"}'],
    ['ConvertTo-SecureString "abc" -AsPlainText -Force', 'ConvertTo-SecureString "#" -AsPlainText -Force'],
    [
      'reg add "HKLM\\Winlogon" /v DefaultPassword /t REG_SZ /d "abc" /f',
      'reg add "HKLM\\Winlogon" /v DefaultPassword /t REG_SZ /d "#" /f',
    ],
    ['tool /password:$ecret,(1);2 /quiet', 'tool /password:# /quiet'],
    ['net user install S3cret /add', 'net user install # /add'],
    ['https://me:abc@example.org/x', 'https://me:#@example.org/x'],
    ['slmgr /ipk W269N-WFGWX-YVC9B-4J6C9-T83GX', 'slmgr /ipk #'],
  ])('%j becomes %j', (text, clean) => {
    expect(hide(text)).toBe(clean);
  });

  it.each([
    'net user hwinst %HWPASSWORD% /add',
    'reg add "HKLM\\Winlogon" /v DefaultPassword /t REG_SZ /d "%HWPASSWORD%" /f',
    'manage-bde -on c: -RecoveryPassword',
    'manage-bde -protectors -add c: -RecoveryPassword -x',
    'Set-LocalUser -PasswordNeverExpires $true -Password $secure',
    'Write-Host "Enter your password: " -ForegroundColor Red; Write-Host "x"',
    'New-Thing -Password (Read-Host -AsSecureString)',
    '{12345-ABCDE}',
    'cmd /c dir /s > C:\\pin.txt',
  ])('%j holds none', (text) => {
    expect(hide(text)).toBe(text);
  });

  it('takes time that grows with the text and not with its square', () => {
    const long = ['-', '-password ', 'password = "', 'net user ', '/v password ']
      .map((part) => part.repeat(100_000))
      .join('');
    expect(hide(long).length).toBeGreaterThan(0);
  });

  it.each([
    ['OSDLocalAdminPassword', true],
    ['SMSTSRunCommandLineUserPassword', true],
    ['ProductKey', true],
    ['MDMPassword', true],
    ['OSDBitLockerPIN', true],
    ['RandomAdminPassword', false],
    ['CreateRecoveryPassword', false],
    ['Mapping', false],
    ['Spin', false],
  ])('the name %s: %s', (name, secret) => {
    expect(isSecretName(name)).toBe(secret);
  });
});
