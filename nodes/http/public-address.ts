import { BlockList, isIP } from 'node:net';

/** IPv4 networks that are not the public internet (IANA special-purpose registry). */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
/** Global unicast, the only IPv6 network with public addresses. */
const GLOBAL_IPV6 = '2000::/3';
/**
 * Parts of it that are not public, or that carry an IPv4 address which may be private: protocol assignments with Teredo and
 * ORCHID, documentation, and 6to4. NAT64 and IPv4-mapped addresses lie outside of it.
 */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
const IPV4_MAPPED = /^::ffff:[0-9a-f:.]+$/i;

/** Endings of names that are resolved in a private network only (RFC 6761, 6762, 8375, 9476, and common use). */
const PRIVATE_SUFFIXES =
  /(^|\.)(local|localhost|localdomain|internal|intranet|private|lan|home|corp|domain|workgroup|home\.arpa|arpa|test|example|invalid|onion|alt)$/;

const specialIpv4 = networks(SPECIAL_IPV4, 'ipv4');
const globalIpv6 = networks([GLOBAL_IPV6], 'ipv6');
const specialIpv6 = networks(SPECIAL_IPV6, 'ipv6');

/** Whether an address belongs to the public internet; an IPv4-mapped address is judged by its IPv4 address. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  // A BlockList compares the IPv4 address of an IPv4-mapped one.
  if (family === 6 && IPV4_MAPPED.test(address)) return !specialIpv4.check(address, 'ipv6');
  if (family === 4) return !specialIpv4.check(address, 'ipv4');
  return family === 6 && globalIpv6.check(address, 'ipv6') && !specialIpv6.check(address, 'ipv6');
}

/**
 * Whether a host name can be one of the public internet, as far as that shows in the name. It is asked for names that only
 * a proxy can resolve.
 */
export function isPublicName(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '');
  return /\.[a-z][a-z0-9-]*[a-z0-9]$/.test(name) && !PRIVATE_SUFFIXES.test(name);
}

function networks(list: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const result = new BlockList();
  for (const network of list) {
    const [address, prefix] = network.split('/') as [string, string];
    result.addSubnet(address, Number(prefix), family);
  }
  return result;
}
