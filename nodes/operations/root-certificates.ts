import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';

/** SHA-256 of Amazon Root CA 1, which nRF Cloud's servers use (Nordic's tools; published by Amazon Trust Services). */
const AMAZON_ROOT_CA_1 =
  '8E:CD:E6:88:4F:3D:87:B1:12:5B:A3:1A:C3:FC:B1:3D:70:16:DE:7F:57:CC:90:4F:E1:CB:97:C6:AE:98:19:6E';

/** nRF Cloud's root for CoAP, as it is in Nordic's tools (nRFCloud/utils 3.3.0). */
const NRF_CLOUD_COAP_ROOT = `-----BEGIN CERTIFICATE-----
MIIBjzCCATagAwIBAgIUOEakGUS/7BfSlprkly7UK43ZAwowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJblJGIENsb3VkMB4XDTIzMDUyNDEyMzUzMloXDTQ4MTIzMDEy
MzUzMlowFDESMBAGA1UEAwwJblJGIENsb3VkMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEPVmJXT4TA1ljMcbPH0hxlzMDiPX73FHsdGM/6mqAwq9m2Nunr5/gTQQF
MBUZJaQ/rUycLmrT8i+NZ0f/OzoFsKNmMGQwHQYDVR0OBBYEFGusC7QaV825v0Ci
qEv2m1HhiScSMB8GA1UdIwQYMBaAFGusC7QaV825v0CiqEv2m1HhiScSMBIGA1Ud
EwEB/wQIMAYBAf8CAQAwDgYDVR0PAQH/BAQDAgGGMAoGCCqGSM49BAMCA0cAMEQC
IH/C3yf5aNFSFlm44CoP5P8L9aW/5woNrzN/kU5I+H38AiAwiHYlPclp25LgY8e2
n7e2W/H1LXJ7S3ENDBwKUF4qyw==
-----END CERTIFICATE-----
`;

/**
 * Amazon Root CA 1 in PEM, from the list of root certificates that comes with Node.js.
 * @returns `undefined` if that list does not have it (any more)
 */
export function amazonRootCertificate(): string | undefined {
  for (const pem of rootCertificates) {
    const certificate = new X509Certificate(pem);
    // The list wraps its lines in another width than the copies that devices usually get.
    if (certificate.fingerprint256 === AMAZON_ROOT_CA_1) return certificate.toString();
  }
  return undefined;
}

/** nRF Cloud's root certificate for CoAP in PEM. */
export function coapRootCertificate(): string {
  return NRF_CLOUD_COAP_ROOT;
}
