/** Whether CK_ULONG and pointers have 8 bytes, little-endian. False for unknown platforms. */
export function hasLp64({ platform, arch }: { readonly platform: string; readonly arch: string }): boolean {
  return ['linux', 'darwin'].includes(platform) && ['x64', 'arm64'].includes(arch);
}
