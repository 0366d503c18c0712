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

/** Reads the help of a node. textlint's HTML plugin does not, since the help is in a `script` element. */
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

/** Reads the comments of a program that have lines of their own. Code, tags and the names after them are no words. */
export class Comments {
  availableExtensions() {
    return ['.ts', '.mjs', '.js'];
  }

  processor() {
    return processorOf((source) => {
      const paragraphs = [];
      let children = [];
      const end = () => {
        if (children.some(({ type }) => type === 'Str')) {
          const range = [children[0].range[0], children.at(-1).range[1]];
          paragraphs.push({ type: 'Paragraph', range, children });
        }
        children = [];
      };
      let offset = 0;
      let isInBlock = false;
      for (const line of source.split('\n')) {
        const isLine = !isInBlock && /^\s*\/\//.test(line);
        isInBlock ||= /^\s*\/\*/.test(line);
        const text = isLine || isInBlock ? line.replace(/\*\/.*/, '').replace(/^\s*[/*]+/, blank) : '';
        const words = text.replace(/^\s*@(?:(?:param|throws) [\w.]+|\w+)/, blank);
        if (words.trim() === '' || words !== text || isInstruction.test(words)) end();
        if (!isInstruction.test(words)) {
          for (const { 0: part, index } of words
            .trimEnd()
            .matchAll(/`[^`]*`|\{@link[^}]*\}|\S(?:[^`{]*[^`{\s])?|[`{]/g)) {
            const start = offset + index;
            children.push({ type: /^[`{]/.test(part) ? 'Code' : 'Str', range: [start, start + part.length] });
          }
        }
        if (line.includes('*/')) {
          isInBlock = false;
          end();
        }
        offset += line.length + 1;
      }
      end();
      return paragraphs;
    });
  }
}

const blank = (text) => ' '.repeat(text.length);
const isInstruction = /^\s*(?:eslint|prettier|c8|Stryker|@ts-)/;

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
