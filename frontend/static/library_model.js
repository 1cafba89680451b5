// The answer form as the builder works on it: a list of fields instead of a JSON Schema, and back. What a field says
// that the builder does not know is kept.
(() => {
  "use strict";

  const SHAPES = {
    text: { type: "string" },
    long_text: { type: "string", "x-widget": "textarea" },
    integer: { type: "integer" },
    number: { type: "number" },
    choice: { type: "string" },
    choices: { type: "array", uniqueItems: true },
    date: { type: "string", format: "date" },
    image: { type: "string", format: "x-image" },
    image_pairs: { type: "array", format: "x-image-pairs" },
    rows: { type: "array" },
  };
  const LIMITS = {
    text: ["minLength", "maxLength"],
    long_text: ["minLength", "maxLength"],
    integer: ["minimum", "maximum"],
    number: ["minimum", "maximum"],
    choices: ["minItems", "maxItems"],
    rows: ["minItems", "maxItems"],
    image_pairs: ["x-input"],
  };
  const COMMON = ["x-label", "x-help", "x-column", "x-second-person"];
  const NAME = /^[a-z][a-z0-9_]{0,62}$/;

  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const texts = (value) => ({ ja: "", en: "", ...(isObject(value) ? value : {}) });

  function kindOf(prop) {
    if (prop.type === "integer" || prop.type === "number") return prop.type;
    if (prop.type === "array") {
      if (prop.format === "x-image-pairs") return "image_pairs";
      return isObject(prop.items) && prop.items.type === "object" ? "rows" : "choices";
    }
    if (Array.isArray(prop.enum)) return "choice";
    if (prop.format === "date") return "date";
    if (prop.format === "x-image") return "image";
    return prop["x-widget"] === "textarea" ? "long_text" : "text";
  }

  function toField(name, raw, required) {
    const prop = structuredClone(raw);
    const kind = kindOf(prop);
    const values = kind === "choice" ? prop.enum : kind === "choices" && isObject(prop.items) ? prop.items.enum : [];
    const labels = isObject(prop["x-labels"]) ? prop["x-labels"] : {};
    const when = isObject(prop["x-show-if"]) ? prop["x-show-if"] : {};
    const field = {
      name,
      kind,
      required,
      prop,
      options: (Array.isArray(values) ? values : []).map((value) => ({ value, label: texts(labels[value]) })),
      fields: kind === "rows" ? toFields(prop.items) : [],
      when: { field: when.field || "", is: Array.isArray(when.is) ? when.is : [] },
    };
    prop["x-label"] = texts(prop["x-label"]);
    prop["x-help"] = texts(prop["x-help"]);
    return field;
  }

  function toFields(form) {
    const properties = isObject(form) && isObject(form.properties) ? form.properties : {};
    const names = Object.keys(properties);
    const order = Array.isArray(form && form["x-order"]) ? form["x-order"].filter((name) => name in properties) : names;
    const all = [...new Set([...order, ...names])];
    const required = Array.isArray(form && form.required) ? form.required : [];
    return all.map((name) => toField(name, isObject(properties[name]) ? properties[name] : {}, required.includes(name)));
  }

  function toProp(field) {
    const prop = { ...structuredClone(field.prop) };
    for (const key of ["enum", "items", "x-labels", "x-show-if"]) delete prop[key];
    if (!prop["x-help"].ja && !prop["x-help"].en) delete prop["x-help"];
    if (field.kind === "choice" || field.kind === "choices") {
      const values = field.options.map((option) => option.value);
      if (field.kind === "choice") prop.enum = values;
      else prop.items = { type: "string", enum: values };
      const named = field.options.filter((option) => option.label.ja || option.label.en);
      prop["x-labels"] = Object.fromEntries(named.map((option) => [option.value, option.label]));
    }
    if (field.kind === "rows") prop.items = toForm(field.fields);
    if (field.when.field) prop["x-show-if"] = structuredClone(field.when);
    return prop;
  }

  function toForm(fields) {
    return {
      type: "object",
      additionalProperties: false,
      properties: Object.fromEntries(fields.map((field) => [field.name, toProp(field)])),
      required: fields.filter((field) => field.required).map((field) => field.name),
      "x-order": fields.map((field) => field.name),
    };
  }

  function newName(fields, stem) {
    const taken = new Set(fields.map((field) => field.name));
    for (let n = fields.length + 1; ; n += 1) if (!taken.has(`${stem}_${n}`)) return `${stem}_${n}`;
  }

  function newField(fields, kind, words) {
    const label = { ja: "", en: "" };
    const prop = { ...SHAPES[kind], "x-label": label };
    const field = toField(newName(fields, "field"), kind === "rows" ? { ...prop, items: { type: "object" } } : prop, true);
    changeKind(field, kind, words);
    return field;
  }

  // The shape of another kind; what both have stays.
  function changeKind(field, kind, words) {
    const keep = [...COMMON, ...(LIMITS[kind] || [])];
    const kept = Object.entries(field.prop).filter(([key]) => keep.includes(key));
    field.prop = { ...Object.fromEntries(kept), ...SHAPES[kind] };
    field.kind = kind;
    if (kind === "rows" || kind === "image_pairs") delete field.prop["x-column"];
    if (kind.startsWith("choice") && !field.options.length) {
      field.options = [1, 2].map((n) => ({ value: words.choice.replace("{n}", n), label: { ja: "", en: "" } }));
    }
    if (kind === "rows" && !field.fields.length) field.fields = [newField([], "text", words)];
  }

  window.tenchoLibrary = { toFields, toForm, newField, newName, changeKind, kindOf, isObject, NAME };
})();
