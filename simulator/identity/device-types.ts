/**
 * Names of the device types in a token. 3 is confirmed by the guide (`nrf9160_SICA`), the others follow its pattern
 * (nrf-cloud-api.md §2 and §9, inferred).
 */
const NAMES: Readonly<Record<number, string>> = {
  1: 'nrf9160_SIAA',
  2: 'nrf9160_SIBA',
  3: 'nrf9160_SICA',
  4: 'nrf9161_LACA',
  5: 'nrf9131_LACA',
  6: 'nrf9151_LACA',
};

/** The `deviceType` of a claimed device. A part nobody has heard of yet is called `nrf_type_<n>`: our choice. */
export function deviceTypeName(deviceType: number): string {
  return NAMES[deviceType] ?? `nrf_type_${deviceType}`;
}
