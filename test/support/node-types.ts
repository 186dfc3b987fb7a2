import type { NodeAPI } from 'node-red';
import bulkClaimNode from '../../nodes/nrfcloud-bulk-claim';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import checkNode from '../../nodes/nrfcloud-check';
import claimNode from '../../nodes/nrfcloud-claim';
import commandNode from '../../nodes/nrfcloud-command';
import connectionNode from '../../nodes/nrfcloud-connection';
import deviceNode from '../../nodes/nrfcloud-device';
import devicesNode from '../../nodes/nrfcloud-devices';
import onboardingNode from '../../nodes/nrfcloud-onboarding';
import rulesNode from '../../nodes/nrfcloud-rules';
import tagsNode from '../../nodes/nrfcloud-tags';

/** The modules of all node types, the connection first: the others refer to it. */
export const NODE_TYPES = [
  connectionNode,
  checkNode,
  claimNode,
  bulkClaimNode,
  bulkStatusNode,
  onboardingNode,
  tagsNode,
  deviceNode,
  devicesNode,
  rulesNode,
  commandNode,
] as readonly ((RED: NodeAPI) => void)[];
