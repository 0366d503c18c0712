/** Reads the catalogues of Node-RED: each text is a paragraph, keys are not read. */
export class Catalogue {
  availableExtensions() {
    return ['.json'];
  }

  processor() {
    return processorOf((source) => {
      const paragraphs = [];
      for (const { 1: text, 2: colon, index } of source.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?/g)) {
        if (colon !== undefined || text === '') continue;
        const range = [index + 1, index + 1 + text.length];
        paragraphs.push({ type: 'Paragraph', range, children: [{ type: 'Str', range }] });
      }
      return paragraphs;
    });
  }
}

/** Reads the help of a node. textlint's HTML plugin does not, since the help stands in a `script` element. */
export class Help {
  availableExtensions() {
    return ['.html'];
  }

  processor() {
    return processorOf((source) => {
      const paragraphs = [];
      let children = [];
      const end = (type) => {
        if (children.some((child) => child.type === 'Str')) {
          paragraphs.push({ type, range: [children[0].range[0], children.at(-1).range[1]], children });
        }
        children = [];
      };
      for (const { 0: text, index } of source.matchAll(/<!--.*?-->|<(code|i)>.*?<\/\1>|<[^<>]*>|[^<]+/gs)) {
        const range = [index, index + text.length];
        if (/^<code>/.test(text)) children.push({ type: 'Code', range });
        else if (/^<i>/.test(text)) {
          const label = [index + '<i>'.length, index + text.length - '</i>'.length];
          children.push({ type: 'Emphasis', range, children: [{ type: 'Str', range: label }] });
        } else if (/^<\/?(?:a|b|strong|em|span)\b/.test(text)) children.push({ type: 'Html', range });
        else if (text.startsWith('<')) end(/^<\/h\d>/.test(text) ? 'Header' : 'Paragraph');
        else if (text.trim() !== '' || children.length > 0) children.push({ type: 'Str', range });
      }
      end('Paragraph');
      return paragraphs;
    });
  }
}

/** Reads the comments of a program that have lines of their own. Code and the names in tags are no words. */
export class Comments {
  availableExtensions() {
    return ['.ts', '.mjs', '.js'];
  }

  processor() {
    return processorOf((source) => {
      const paragraphs = [];
      for (const { 0: comment, index } of source.matchAll(/^[ \t]*(?:\/\*[^]*?\*\/|\/\/.*(?:\n[ \t]*\/\/.*)*)/gm)) {
        if (/^\s*\/[/*]\s*(?:eslint|prettier|c8|Stryker|@ts-)/.test(comment)) continue;
        let children = [];
        const end = () => {
          if (children.some((child) => child.type === 'Str')) {
            paragraphs.push({
              type: 'Paragraph',
              range: [children[0].range[0], children.at(-1).range[1]],
              children,
            });
          }
          children = [];
        };
        for (const { 1: before, 2: text, index: line } of comment.matchAll(commentLine)) {
          if (text === '' || /@/.test(before)) end();
          for (const { 0: part, index: at } of text.matchAll(/`[^`]*`|\{@link[^}]*\}|[^`{]+|\{/g)) {
            const start = index + line + before.length + at;
            children.push({ type: /^[`{]/.test(part) ? 'Code' : 'Str', range: [start, start + part.length] });
          }
        }
        end();
      }
      return paragraphs;
    });
  }
}

/** What begins a line of a comment, a tag with its name too, and the words after it. */
const commentLine =
  /^(?!$)([ \t]*(?:\/\*\*?|\/\/|\*(?!\/))?[ \t]*(?:@(?:param|throws) [\w.]+[ \t]*|@\w+[ \t]*)?)(.*?)[ \t]*(?:\*\/)?$/gm;

/** @param read makes paragraphs of the source, whose nodes have a type and a range */
function processorOf(read) {
  return {
    preProcess(source) {
      const starts = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
      const locationOf = (offset) => {
        const line = starts.findLastIndex((start) => start <= offset);
        return { line: line + 1, column: offset - starts[line] };
      };
      const complete = (node) => {
        const [start, end] = node.range;
        const raw = source.slice(start, end);
        return {
          ...node,
          ...(node.children === undefined ? { value: raw } : { children: node.children.map(complete) }),
          raw,
          loc: { start: locationOf(start), end: locationOf(end) },
        };
      };
      return complete({ type: 'Document', range: [0, source.length], children: read(source) });
    },
    postProcess: (messages, filePath) => ({ messages, filePath: filePath ?? '' }),
  };
}
