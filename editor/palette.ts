/** Words that people search for before they know the names of the nodes, in any language of the editor. */
const searchWords = ['phone', 'telephone', 'pbx', 'call', 'telefon', 'telefonanlage', 'anruf'];

/**
 * Makes a node easy to find in the palette; for onpaletteadd. The palette's search looks at the type and at the label, which
 * an entry keeps in an attribute, and at nothing else.
 */
export function addToPalette({ type }: { readonly type: string }): void {
  const entry = $('.red-ui-palette-node').filter((_, node) => node.dataset.paletteType === type);
  const label = entry.attr('data-palette-label') ?? '';
  entry.attr('data-palette-label', [label, ...searchWords].join(' '));
  keepOnOneLine(entry, label);
}

/** Node-RED breaks a word that is longer than two thirds of an entry anywhere. In smaller letters it fits. */
function keepOnOneLine(entry: JQuery, label: string): void {
  const element = entry.find('.red-ui-palette-label');
  if (label.includes(' ') || element.find('br').length === 0) return;
  element.text(label).css({ fontSize: '11.5px', whiteSpace: 'nowrap' });
  // As high as an entry with one line is, with its ports in the middle.
  entry.css({ height: '28px' }).find('.red-ui-palette-port').css({ top: '9px' });
}
