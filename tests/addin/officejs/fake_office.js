/**
 * A double of office.js that fails where Excel would: on a member that it does not know, on a property that was read before
 * it was loaded and synced, on a second note on a cell, on an API that this Excel does not have.
 *
 * The workbook is plain JSON in `host.book` (excel_host.py makes it of a file, and a file of it). Rows and columns count
 * from 1 there, from 0 in the API, as in Excel. `host` is what tests talk to.
 */
(() => {
  const LIMITS = { cells: Infinity };
  const host = {
    book: { name: "Book1.xlsx", active: "", names: {}, sheets: [], selection: null },
    apiSets: { ExcelApi: 1.18, SharedRuntime: 1.1 },
    theme: undefined,
    partition: undefined,
    opened: [],
    shown: 0,
    syncs: 0,
    writes: 0,
    limits: LIMITS,
    canCreateWorkbooks: true,
    actions: new Map(),
    /** Before the next sync does its work: what a person does meanwhile. */
    meanwhile: null,
    open(book) {
      host.book = book;
      host.writes = host.syncs = 0;
    },
    sheet: (name) => host.book.sheets.find((each) => each.name === name),
    /** What a person types into a cell. */
    type(sheetName, row, column, value) {
      enter(host.sheet(sheetName), row, column, value);
    },
    /** Press a button of the ribbon. */
    async press(name) {
      let isCompleted = false;
      const event = { completed: () => (isCompleted = true) };
      await host.actions.get(name)(event);
      if (!isCompleted) throw new Error(`'${name}' never called event.completed()`);
    },
  };
  window.host = host;

  class ExcelError extends Error {
    constructor(code, message = code) {
      super(message);
      this.name = "RichApi.Error";
      this.code = code;
    }
  }
  window.OfficeExtension = { Error: ExcelError };

  // -- cells ----------------------------------------------------------------------------------------------------------

  const keyOf = (row, column) => `${row},${column}`;
  const cellAt = (sheet, row, column) => sheet.cells[keyOf(row, column)];
  const formatAt = (sheet, row, column) => cellAt(sheet, row, column)?.format ?? sheet.columnFormats[column] ?? "General";

  function makeCell(sheet, row, column) {
    return (sheet.cells[keyOf(row, column)] ??= { value: "", format: formatAt(sheet, row, column) });
  }

  /** A text cell keeps texts; any other takes what looks like something for it. */
  function enter(sheet, row, column, value) {
    if (value === null) return;
    const cell = makeCell(sheet, row, column);
    delete cell.formula;
    if (value === "" || typeof value !== "string") {
      cell.value = cell.format === "@" && value !== "" ? String(value).replace(/^(true|false)$/, (word) => word.toUpperCase()) : value;
    } else if (cell.format === "@") cell.value = value;
    else if (value.startsWith("'")) cell.value = value.slice(1);
    else if (value.startsWith("=")) cell.formula = value;
    else if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) cell.value = Number(value);
    else if (/^(true|false)$/i.test(value)) cell.value = value.toLowerCase() === "true";
    else if (/^\d{4}-\d{2}-\d{2}$/.test(value)) {
      cell.value = (Date.parse(`${value}T00:00:00Z`) - Date.UTC(1899, 11, 30)) / 86_400_000;
      cell.format = "yyyy-mm-dd";
    } else cell.value = value;
    nameColumns(sheet, row);
  }

  /** A table's headers are its columns' names: no two alike. */
  function nameColumns(sheet, row) {
    for (const table of sheet.tables.filter((each) => each.row === row)) {
      const names = Array.from({ length: table.width }, (_each, place) => {
        const cell = makeCell(sheet, table.row, table.column + place);
        if (cell.value === "") cell.value = `Column${place + 1}`;
        return String(cell.value).toLowerCase();
      });
      if (new Set(names).size !== names.length) throw new ExcelError("InvalidArgument", `two columns of one name: ${names}`);
    }
  }

  function mustBeWritable(sheet) {
    host.writes += 1;
    if (sheet.isProtected) throw new ExcelError("AccessDenied");
  }

  // -- objects --------------------------------------------------------------------------------------------------------

  /** An object that knows its members and no others. */
  function strict(target, name) {
    return new Proxy(target, {
      get(object, member) {
        if (typeof member === "symbol" || member === "then" || member in object) return object[member];
        throw new Error(`${name}.${member} is not known to this double`);
      },
      set(object, member, value) {
        const found = Object.getOwnPropertyDescriptor(object, member);
        if (!found?.set) throw new Error(`${name}.${String(member)} can't be set in this double`);
        object[member] = value;
        return true;
      },
    });
  }

  /**
   * One object of the API. `resolve` gives what it stands for once Excel is asked (null: there is none). `read`: its
   * properties; `write`: those that can be set; `nested`: what `load` reaches through it; `members`: everything else.
   */
  function object(context, kind, resolve, { read = {}, write = {}, nested = {}, members = {}, orNull = false }) {
    const loaded = {};
    const self = {};
    const queue = (work) => context.queue.push(work);
    const there = () => {
      const found = resolve();
      if (found === null) throw new ExcelError("ItemNotFound", `${kind} is not there`);
      return found;
    };
    const loadOne = (path) => {
      const [first, ...rest] = path.split("/");
      if (rest.length || (!(first in read) && first !== "isNullObject")) throw new Error(`${kind} has no '${path}' to load`);
      queue(() => {
        loaded.isNullObject = resolve() === null;
        if (loaded.isNullObject && !orNull) there();
        if (!loaded.isNullObject && first !== "isNullObject") loaded[first] = read[first](there());
      });
    };
    const property = (name) => ({
      get() {
        if (!(name in loaded)) throw new Error(`${kind}.${name} was read before load and sync`);
        return structuredClone(loaded[name]);
      },
      ...(name in write
        ? {
            set(value) {
              queue(() => write[name](there(), value));
            },
          }
        : {}),
      enumerable: true,
    });
    for (const name of new Set([...Object.keys(read), ...Object.keys(write)])) Object.defineProperty(self, name, property(name));
    if (orNull) Object.defineProperty(self, "isNullObject", { ...property("isNullObject"), enumerable: true });
    for (const [name, make] of Object.entries(nested)) {
      let made;
      Object.defineProperty(self, name, { get: () => (made ??= make(there, queue)), enumerable: true });
    }
    self.load = (what) => {
      const paths = (Array.isArray(what) ? what : what.split(",")).map((each) => each.trim());
      for (const name of Object.keys(nested)) {
        const below = paths.filter((path) => path.startsWith(`${name}/`)).map((path) => path.slice(name.length + 1));
        if (below.length) self[name].load(below.join(","));
      }
      paths.filter((path) => !(path.split("/")[0] in nested)).forEach(loadOne);
      return proxy;
    };
    for (const [name, make] of Object.entries(members)) self[name] = make(there, queue);
    const proxy = strict(self, kind);
    return proxy;
  }

  /** A collection: `items` after load and sync, each with the properties that were asked for. */
  function collection(context, kind, list, make, members = {}, since = 1) {
    let items = null;
    const self = {
      get items() {
        if (items === null) throw new Error(`${kind}.items was read before load and sync`);
        return items;
      },
      load(what) {
        needs(since, kind);
        const paths = (what || "items").split(",").map((path) => path.trim().replace(/^items\/?/, ""));
        context.queue.push(() => {
          items = list().map(make);
          const before = context.queue;
          context.queue = [];
          for (const item of items) for (const path of paths.filter(Boolean)) item.load(path);
          for (const work of context.queue) work();
          context.queue = before;
        });
        return proxy;
      },
      ...Object.fromEntries(Object.entries(members).map(([name, member]) => [name, (...given) => (needs(since, kind), member(...given))])),
    };
    const proxy = strict(self, kind);
    return proxy;
  }

  function needs(version, what) {
    if (host.apiSets.ExcelApi < version) throw new ExcelError("ApiNotFound", `${what} needs ExcelApi ${version}`);
  }

  const result = (context, work) => {
    let value;
    let isThere = false;
    context.queue.push(() => {
      value = work();
      isThere = true;
    });
    return strict(
      {
        get value() {
          if (!isThere) throw new Error("a result was read before sync");
          return value;
        },
      },
      "ClientResult",
    );
  };

  function range(context, resolve, options = {}) {
    const each = ({ sheet, row, column, height, width }, work) =>
      Array.from({ length: height }, (_row, down) =>
        Array.from({ length: width }, (_column, across) => work(sheet, row + down, column + across)),
      );
    const block = (area, value, work) => {
      mustBeWritable(area.sheet);
      mustFit(area);
      const isBlock = Array.isArray(value);
      if (isBlock && (value.length !== area.height || value.some((line) => line.length !== area.width))) {
        throw new ExcelError("InvalidArgument", "the block has not the range's shape");
      }
      each(area, (sheet, row, column) => work(sheet, row, column, isBlock ? value[row - area.row][column - area.column] : value));
    };
    const mustFit = (area) => {
      if (area.height * area.width > host.limits.cells) throw new ExcelError("ResponsePayloadSizeLimitExceeded");
    };
    const reading = (work) => (area) => (mustFit(area), each(area, work));
    return object(context, "Range", resolve, {
      orNull: options.orNull,
      read: {
        rowIndex: (area) => area.row - 1,
        columnIndex: (area) => area.column - 1,
        rowCount: (area) => area.height,
        columnCount: (area) => area.width,
        isEntireColumn: (area) => Boolean(area.isEntireColumn),
        values: reading((sheet, row, column) => {
          const cell = cellAt(sheet, row, column);
          if (cell?.formula) throw new Error(`a formula's result is not known: ${cell.formula}`);
          return cell?.value ?? "";
        }),
        numberFormat: reading(formatAt),
        formulas: reading((sheet, row, column) => cellAt(sheet, row, column)?.formula ?? cellAt(sheet, row, column)?.value ?? ""),
      },
      write: {
        values: (area, value) => block(area, value, enter),
        numberFormat: (area, value) =>
          block(area, value, (sheet, row, column, format) => {
            if (format !== null) makeCell(sheet, row, column).format = format;
          }),
        columnHidden: ({ sheet, column }, value) => {
          mustBeWritable(sheet);
          sheet.hiddenColumns = value ? [...sheet.hiddenColumns, column] : sheet.hiddenColumns.filter((one) => one !== column);
        },
      },
      members: {
        getRowProperties: (there) => (what) => {
          if (JSON.stringify(what) !== '{"rowHidden":true}') throw new Error("this double knows rowHidden alone");
          return result(context, () => {
            const { sheet, row, height } = there();
            return Array.from({ length: height }, (_row, down) => ({ rowHidden: sheet.hiddenRows.includes(row + down) }));
          });
        },
        getCellProperties: (there) => (what) => {
          if (JSON.stringify(what) !== '{"format":{"fill":{"color":true}}}') throw new Error("this double knows fills alone");
          return result(context, () => {
            mustFit(there());
            return each(there(), (sheet, row, column) => ({
              format: { fill: { color: `#${cellAt(sheet, row, column)?.fill ?? "FFFFFF"}` } },
            }));
          });
        },
        getMergedAreasOrNullObject: (there) => () =>
          rangeAreas(
            context,
            () => {
              const { sheet, row, column, height, width } = there();
              const found = sheet.merged.filter(
                (one) => one.row < row + height && row < one.row + one.height && one.column < column + width && column < one.column + one.width,
              );
              return found.length ? { sheet, areas: found.map((one) => ({ ...one, sheet })) } : null;
            },
            true,
          ),
        getEntireColumn: (there) => () => range(context, () => ({ ...there(), row: 1, height: 1_048_576, isEntireColumn: true })),
        select: (there, queue) => () =>
          queue(() => {
            const { sheet, row, column, height, width } = there();
            if (host.book.active !== sheet.id) throw new ExcelError("InvalidOperation", "its sheet is not in front");
            host.book.selection = { sheet: sheet.id, areas: [{ row, column, height, width }] };
          }),
      },
      nested: { worksheet: (there) => worksheet(context, () => there().sheet) },
    });
  }

  function usedIn(sheet, valuesOnly) {
    const places = Object.entries(sheet.cells)
      .filter(([, cell]) => !valuesOnly || cell.formula || cell.value !== "")
      .map(([key]) => key.split(",").map(Number));
    if (!places.length) return null;
    const bounds = places.reduce(
      ([top, left, bottom, right], [row, column]) => [
        Math.min(top, row), Math.min(left, column), Math.max(bottom, row), Math.max(right, column),
      ],
      [Infinity, Infinity, 0, 0],
    );
    const [top, left, bottom, right] = bounds;
    return { sheet, row: top, column: left, height: bottom - top + 1, width: right - left + 1 };
  }

  function rangeAreas(context, resolve, orNull = false) {
    const paint = (there, value) => {
      mustBeWritable(there().sheet);
      for (const area of there().areas) {
        for (let row = area.row; row < area.row + area.height; row += 1) {
          for (let column = area.column; column < area.column + area.width; column += 1) {
            const cell = makeCell(there().sheet, row, column);
            if (value === null) delete cell.fill;
            else cell.fill = value.slice(1);
          }
        }
      }
    };
    return object(context, "RangeAreas", resolve, {
      orNull,
      read: { areaCount: ({ areas }) => areas.length },
      nested: {
        worksheet: (there) => worksheet(context, () => there().sheet),
        areas: (there) =>
          collection(context, "RangeCollection", () => (resolve() === null ? [] : there().areas), (area) => range(context, () => area)),
        format: (there, queue) => {
          const fill = {
            set color(value) {
              if (!/^#[0-9A-F]{6}$/.test(value)) throw new Error(`${value} is no colour`);
              queue(() => paint(there, value));
            },
            clear: () => queue(() => paint(there, null)),
          };
          return strict({ fill: strict(fill, "RangeFill") }, "RangeFormat");
        },
      },
    });
  }

  function note(context, resolve, orNull = false) {
    return object(context, "Note", resolve, {
      orNull,
      read: { content: ({ cell }) => cell.note, authorName: () => "" },
      write: {
        content: ({ sheet, cell }, text) => {
          mustBeWritable(sheet);
          cell.note = text;
        },
      },
      members: {
        delete: (there, queue) => () =>
          queue(() => {
            mustBeWritable(there().sheet);
            delete there().cell.note;
          }),
        getLocation: (there) => () => range(context, () => ({ ...there(), height: 1, width: 1 })),
      },
    });
  }

  function worksheet(context, resolve) {
    const areaOf = (address, sheet) => {
      const found = /^\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?$/.exec(address);
      if (!found) throw new ExcelError("InvalidArgument", `${address} is no address`);
      const number = (letters) => [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);
      const [row, column] = [Number(found[2]), number(found[1])];
      const [bottom, right] = [Number(found[4] ?? row), number(found[3] ?? found[1])];
      return { sheet, row, column, height: bottom - row + 1, width: right - column + 1 };
    };
    const withNotes = (sheet) =>
      Object.entries(sheet.cells)
        .filter(([, cell]) => "note" in cell)
        .map(([key, cell]) => {
          const [row, column] = key.split(",").map(Number);
          return { sheet, cell, row, column };
        });
    return object(context, "Worksheet", resolve, {
      read: { id: (sheet) => sheet.id, name: (sheet) => sheet.name },
      nested: {
        tables: (there) =>
          collection(
            context, "TableCollection", () => there().tables.map((found) => ({ sheet: there(), found })),
            (each) => table(context, () => each),
            {
              getItem: (key) =>
                table(context, () => {
                  const found = there().tables.find((each) => each.id === key || each.name === key);
                  return found ? { sheet: there(), found } : null;
                }),
            },
          ),
        notes: (there, queue) =>
          collection(
            context, "NoteCollection", () => withNotes(there()), (each) => note(context, () => each),
            {
              add: (address, text) => {
                queue(() => {
                  mustBeWritable(there());
                  const { row, column } = areaOf(address, there());
                  const cell = makeCell(there(), row, column);
                  if ("note" in cell) throw new ExcelError("InvalidOperation", `${address} has a note already`);
                  cell.note = text;
                });
                return null;
              },
              getItemOrNullObject: (address) =>
                note(
                  context,
                  () => {
                    const { row, column } = areaOf(address, there());
                    return withNotes(there()).find((each) => each.row === row && each.column === column) ?? null;
                  },
                  true,
                ),
            },
            1.18,
          ),
      },
      members: {
        getRangeByIndexes: (there) => (row, column, height, width) => {
          if (height < 1 || width < 1 || row < 0 || column < 0) throw new ExcelError("InvalidArgument", "an empty range");
          return range(context, () => ({ sheet: there(), row: row + 1, column: column + 1, height, width }));
        },
        getCell: (there) => (row, column) =>
          range(context, () => ({ sheet: there(), row: row + 1, column: column + 1, height: 1, width: 1 })),
        getRanges: (there) => (address) => {
          if (address.length > 8192) throw new ExcelError("InvalidArgument", "the address is too long");
          return rangeAreas(context, () => ({ sheet: there(), areas: address.split(",").map((one) => areaOf(one, there())) }));
        },
        getUsedRange: (there) => (valuesOnly) =>
          range(context, () => usedIn(there(), valuesOnly) ?? { sheet: there(), row: 1, column: 1, height: 1, width: 1 }),
        activate: (there, queue) => () => queue(() => (host.book.active = there().id)),
      },
    });
  }

  function table(context, resolve) {
    const areaOf = ({ sheet, found }) => ({ sheet, row: found.row, column: found.column, height: found.height, width: found.width });
    return object(context, "Table", resolve, {
      read: {
        id: ({ found }) => found.id,
        name: ({ found }) => found.name,
        showHeaders: ({ found }) => found.showHeaders,
        showTotals: ({ found }) => found.showTotals,
      },
      nested: { worksheet: (there) => worksheet(context, () => there().sheet) },
      members: {
        getRange: (there) => () => range(context, () => areaOf(there())),
        getHeaderRowRange: (there) => () => range(context, () => ({ ...areaOf(there()), height: 1 })),
        resize: (there, queue) => (given) => {
          const wanted = given.load("rowIndex,columnIndex,rowCount,columnCount");
          queue(() => {
            const { sheet, found } = there();
            mustBeWritable(sheet);
            if (wanted.rowIndex + 1 !== found.row || wanted.rowCount < 2) {
              throw new ExcelError("InvalidArgument", "the headers must stay in their row, and there must be a row below");
            }
            Object.assign(found, { column: wanted.columnIndex + 1, height: wanted.rowCount, width: wanted.columnCount });
            nameColumns(sheet, found.row);
          });
        },
      },
    });
  }

  function named(context, name, orNull) {
    const resolve = () => (name in host.book.names ? { name, formula: host.book.names[name] } : null);
    return object(context, "NamedItem", resolve, {
      orNull,
      read: { name: (found) => found.name, formula: (found) => found.formula },
      members: {
        getRangeOrNullObject: () => () =>
          range(
            context,
            () => {
              const found = /^=(?:'((?:[^']|'')+)'|([^'!]+))!\$([A-Z]+)\$(\d+)$/.exec(resolve()?.formula ?? "");
              const sheet = found && host.sheet((found[1] ?? found[2]).replaceAll("''", "'"));
              if (!sheet) return null;
              const column = [...found[3]].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);
              return { sheet, row: Number(found[4]), column, height: 1, width: 1 };
            },
            { orNull: true },
          ),
      },
    });
  }

  function makeContext() {
    const context = { queue: [] };
    const sheetBy = (test) => worksheet(context, () => host.book.sheets.find(test) ?? null);
    const workbook = object(context, "Workbook", () => host.book, {
      read: { name: (book) => book.name },
      nested: {
        worksheets: () =>
          collection(context, "WorksheetCollection", () => host.book.sheets, (sheet) => worksheet(context, () => sheet), {
            getActiveWorksheet: () => sheetBy((sheet) => sheet.id === host.book.active),
            getItem: (key) => sheetBy((sheet) => sheet.id === key || sheet.name === key),
          }),
        names: () =>
          collection(context, "NamedItemCollection", () => Object.keys(host.book.names), (name) => named(context, name, false), {
            getItemOrNullObject: (name) => named(context, name, true),
          }),
        tables: () =>
          collection(
            context, "TableCollection",
            () => host.book.sheets.flatMap((sheet) => sheet.tables.map((found) => ({ sheet, found }))),
            (each) => table(context, () => each),
          ),
      },
      members: {
        getSelectedRanges: () => () =>
          rangeAreas(context, () => {
            const { selection } = host.book;
            if (!selection) throw new ExcelError("InvalidSelection");
            const sheet = host.book.sheets.find((each) => each.id === selection.sheet);
            return { sheet, areas: selection.areas.map((area) => ({ ...area, sheet })) };
          }),
      },
    });
    const application = strict({ suspendScreenUpdatingUntilNextSync: () => {} }, "Application");
    const sync = async () => {
      const work = context.queue;
      context.queue = [];
      await new Promise((done) => queueMicrotask(done));
      host.syncs += 1;
      for (const each of work) each();
    };
    return strict({ workbook, application, sync, get queue() { return context.queue; } }, "RequestContext");
  }

  window.Excel = strict(
    {
      async run(options, work) {
        if (typeof options !== "object") throw new Error("this double wants Excel.run(options, work)");
        const context = makeContext();
        const found = await work(context);
        await context.sync();
        return found;
      },
      async createWorkbook(base64) {
        if (!host.canCreateWorkbooks) throw new ExcelError("ApiNotFound", "this Excel can't");
        host.opened.push(base64);
      },
    },
    "Excel",
  );

  window.Office = strict(
    {
      HostType: strict({ Excel: "Excel" }, "HostType"),
      onReady: async () => ({ host: host.isOutside ? null : "Excel", platform: "OfficeOnline" }),
      actions: strict({ associate: (name, work) => host.actions.set(name, work) }, "actions"),
      addin: strict({ showAsTaskpane: async () => void (host.shown += 1) }, "addin"),
      context: strict(
        {
          requirements: strict(
            { isSetSupported: (name, version) => Number(host.apiSets[name] ?? 0) >= Number(version) },
            "requirements",
          ),
          get partitionKey() {
            return host.partition;
          },
          get officeTheme() {
            return host.theme;
          },
        },
        "context",
      ),
    },
    "Office",
  );
  Object.assign(host, window.hostBefore ?? {});
})();
