/** Steps that the tours of all rooms have in common. */

// A busy machine takes its time over a page.
export const patient = (steps) => steps.map((step) => ({ timeout: 40000, ...step }));

const menu = (name) => `[data-menu-xmlid='sale_order_control.${name}']`;

/** From any page to a screen of the add-on by its menus, as a person finds it. */
export const goTo = (content, section, item) => [
    {
        content,
        trigger: ".o_navbar_apps_menu button",
        run: "click",
    },
    {
        trigger: `.o-dropdown--menu .o_app${menu("menu_root")}`,
        run: "click",
    },
    {
        trigger: `.o_menu_sections ${menu(section)}`,
        run: "click",
    },
    {
        trigger: `.o-dropdown--menu ${menu(item)}`,
        run: "click",
    },
];

/** Open the line of a list that says something, by one of its columns. */
export const openRow = (content, text, column) => ({
    content,
    trigger: `.o_list_view .o_data_row:contains(${text}) .o_data_cell[name=${column}]`,
    run: "click",
});

export const press = (content, name) => ({
    content,
    trigger: `button[name=${name}]:enabled`,
    run: "click",
});

/** Press a button of the window on top, or of its foot. */
export const pressInWindow = (content, name) => ({
    content,
    trigger: `.modal footer button[name=${name}]:enabled`,
    run: "click",
});

export const write = (content, field, text) => ({
    content,
    trigger: `.o_field_widget[name=${field}] textarea, .o_field_widget[name=${field}] input`,
    run: `edit ${text}`,
});

/** Choose a record by its name in a field with a drop-down list. */
export const choose = (content, field, name) => [
    {
        content,
        trigger: `.o_field_widget[name=${field}] input`,
        run: `edit ${name}`,
    },
    {
        trigger: `.o-autocomplete--dropdown-menu a:contains(${name})`,
        run: "click",
    },
];

/** Choose an entry of the gear menu. */
export const gear = (content, entry) => [
    {
        content,
        trigger: ".o_cp_action_menus button:has(.fa-cog)",
        run: "click",
    },
    {
        trigger: `.o-dropdown--menu .dropdown-item:contains(${entry})`,
        run: "click",
    },
];

export const read = (content, trigger) => ({ content, trigger });
