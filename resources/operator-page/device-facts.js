/**
 * What the page shows of a device, in order. Fields that the service leaves out are left out, apart from the tags.
 * @param device fields of a claimed device, as the service shows them, and what is known from files claimed here
 * @param panel has the words: `t(key)`, `time(date, style)`
 * @returns `[{ name, value, isId?, names? }]`; `names`: it says which device is meant
 */
export function deviceFacts(device, panel) {
  const { id, imei, serial, tags, deviceType, firmwareId, claimedAt } = device;
  const facts = [
    { name: 'uuid', value: id, isId: true, names: true },
    { name: 'imei', value: imei, isId: true, names: true },
    { name: 'serial', value: serial, names: true },
    { name: 'tags', value: tagsText(tags, panel) },
    { name: 'claimedAt', value: claimedAt && panel.time(claimedAt, { dateStyle: 'medium', timeStyle: 'short' }) },
    { name: 'deviceType', value: deviceType },
    { name: 'firmwareId', value: firmwareId, isId: true },
  ];
  return facts.filter(({ value }) => value !== undefined && value !== '');
}

function tagsText(tags, panel) {
  if (!Array.isArray(tags)) return panel.t('notShown');
  return tags.length === 0 ? panel.t('none') : tags.map((tag) => tag?.tag ?? tag).join(', ');
}
