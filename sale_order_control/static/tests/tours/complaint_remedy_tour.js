import { registry } from "@web/core/registry";
import { patient, press, read } from "./steps";

// A customer complains with a photo; a handler puts it right with another piece and a credit note.

registry.category("web_tour.tours").add("sale_order_control_complaint_customer", {
    steps: () => patient([
        {
            content: "Something is wrong with the order,",
            trigger: "[name=open_complaint] a:contains(Something is wrong with this order)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "with two of the goods:",
            trigger: "[name=complaint_line] input[type=checkbox]",
            run: "click",
        },
        {
            trigger: "[name=complaint_line] input[type=number]",
            run: "edit 2",
        },
        {
            trigger: "#complaint_description",
            run: "edit Two of ten arrived scratched",
        },
        {
            content: "a photo shows it.",
            trigger: "#complaint_files",
            run({ anchor }) {
                const photo = new DataTransfer();
                photo.items.add(new File(["photo"], "scratches.png", { type: "image/png" }));
                anchor.files = photo.files;
            },
        },
        {
            trigger: "#control_complaint_form button:contains(Send complaint)",
            run: "click",
            expectUnloadPage: true,
        },
        read("We have it, with a number,", "#control_complaint:contains(we have your complaint):contains(CP/)"),
        read("the photo, and what was said.", "#control_complaint:contains(Two of ten arrived scratched) img[alt='scratches.png']"),
    ]),
});

const remedy = (kind, quantity, count) => [
    {
        content: `Somebody proposes: ${kind}`,
        trigger: "button[name=action_new_remedy]:enabled",
        run: "click",
    },
    {
        trigger: ".modal .o_field_widget[name=type_id] input",
        run: `edit ${kind}`,
    },
    {
        trigger: `.o-autocomplete--dropdown-menu a:contains(${kind})`,
        run: "click",
    },
    read("what the complaint is about is filled in;", ".modal .o_field_widget[name=line_ids] .o_data_row"),
    {
        content: "one of the two,",
        trigger: ".modal .o_field_widget[name=line_ids] .o_data_row .o_data_cell[name=quantity]",
        run: "click",
    },
    {
        trigger: ".modal .o_field_widget[name=line_ids] .o_data_row [name=quantity] input",
        run: `edit ${quantity}`,
    },
    {
        trigger: ".modal .modal-footer .o_form_button_save",
        run: "click",
    },
    {
        content: "and it is listed in the complaint.",
        trigger: `body:not(:has(.modal)) .o_field_widget[name=remedy_ids] .o_data_row:nth-child(${count})`,
    },
];

registry.category("web_tour.tours").add("sale_order_control_complaint_handler", {
    steps: () => patient([
        press("The handler takes the complaint,", "action_acknowledge"),
        press("looks into it,", "action_investigate"),
        {
            content: "and puts it right:",
            trigger: ".o_notebook .nav-link:contains(Remedies)",
            run: "click",
        },
        ...remedy("Replacement", 1, 1),
        ...remedy("Credit Note", 1, 2),
        press("Both are proposed; nobody need agree,", "action_propose"),
        press("so they are carried out,", "action_execute"),
        read("and say what was made of them.",
            ".o_field_widget[name=remedy_ids]:contains(Replacement ordered and confirmed):contains(Draft credit note)"),
    ]),
});
