/** Words that people search for before they know the names of the nodes, in any language of the editor. */
const searchWords = ['phone', 'telephone', 'pbx', 'call', 'telefon', 'telefonanlage', 'anruf'];

/**
 * Makes a node easy to find in the palette; for onpaletteadd. The palette's search looks only at the type and at the
 * label, which an entry keeps in an attribute.
 */
export function addToPalette({ type }: { readonly type: string }): void {
  const entry = $('.red-ui-palette-node').filter((_, node) => node.dataset.paletteType === type);
  const label = entry.attr('data-palette-label') ?? '';
  entry.attr('data-palette-label', [label, ...searchWords].join(' '));
  keepOnOneLine(entry, label);
}

/** Uses smaller letters for a long word. Node-RED would break a word that is longer than two thirds of an entry. */
function keepOnOneLine(entry: JQuery, label: string): void {
  const element = entry.find('.red-ui-palette-label');
  if (label.includes(' ') || element.find('br').length === 0) return;
  element.text(label).css({ fontSize: '11.5px', whiteSpace: 'nowrap' });
  // These are the height of an entry with one line, and the middle for its ports.
  entry.css({ height: '28px' }).find('.red-ui-palette-port').css({ top: '9px' });
}
