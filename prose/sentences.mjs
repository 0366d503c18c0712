const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** A textlint rule: no sentence has more than `maxWords` words. */
export const sentenceLength = ({ Syntax, RuleError, report, locator }, { maxWords }) =>
  onSentences(Syntax, (node, { count, index }) => {
    if (count <= maxWords) return;
    const message = `${count} words, at most ${maxWords}: make two of it. “${node.raw.slice(index, index + 60)} …”`;
    report(node, new RuleError(message, { padding: locator.at(index) }));
  });

/** A textlint rule that reports nothing, and adds the length of each sentence to `lengths`; labels are left out. */
export const measure =
  (lengths) =>
  ({ Syntax }) =>
    onSentences(Syntax, (node, { count }) => {
      if (count > 3) lengths.push(count);
    });

function onSentences(Syntax, visit) {
  const each = (node) => {
    for (const { segment, index } of segmenter.segment(textOf(node))) {
      const count = segment.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
      if (count > 0) visit(node, { count, index: index + segment.search(/\S/) });
    }
  };
  return { [Syntax.Paragraph]: each, [Syntax.TableCell]: each };
}

/**
 * The words of a node, as long as its source. Code is one word, and blanks replace marks and the addresses of links.
 */
function textOf(node) {
  const characters = Array.from({ length: node.raw.length }, () => ' ');
  const write = (part) => {
    for (const child of part.children ?? []) write(child);
    const at = part.range[0] - node.range[0];
    const text = { Str: part.raw.replaceAll('\n', ' '), Code: 'C'.repeat(part.raw.length) }[part.type] ?? '';
    for (let i = 0; i < text.length; i++) characters[at + i] = text[i];
  };
  write(node);
  return characters.join('');
}
