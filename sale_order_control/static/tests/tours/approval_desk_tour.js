import { registry } from "@web/core/registry";

import { patient } from "./steps";

// Where approvers and makers work with approvals: each tour starts where that person really starts.
const tours = registry.category("web_tour.tours");

tours.add("sale_order_control_desk_return", {
    steps: () => patient([
        {
            content: "On a phone, the approver's work is cards: one is opened",
            trigger: ".o_kanban_record:not(.o_kanban_ghost):contains(Controlled Customer)",
            run: "click",
        },
        {
            content: "the screen says why just this person is asked",
            trigger: ".o_form_view:contains(You are asked as)",
        },
        {
            content: "and has its own buttons there",
            trigger: "[name=phone_decisions] button:contains(Return)",
            run: "click",
        },
        {
            content: "what must be improved is written",
            trigger: ".modal .o_field_widget[name=comment] textarea",
            run: "edit Fewer pieces please",
        },
        {
            content: "and sent.",
            trigger: ".modal button[name=action_decide]",
            run: "click",
        },
        {
            content: "Nothing is left to decide for this person.",
            trigger: "body:not(:has(.modal)) .o_form_view:not(:has(button[name=action_agree]))",
        },
    ]),
});

tours.add("sale_order_control_desk_maker", {
    steps: () => patient([
        {
            content: "The maker reads why it came back",
            trigger: ".o_control_section[data-area=approval]:contains(Fewer pieces please)",
        },
        {
            content: "and submits the corrected quotation again",
            trigger: "button[name=action_submit]",
            run: "click",
        },
        {
            content: "after a look at who decides",
            trigger: ".modal footer button[name=action_submit]",
            run: "click",
        },
        {
            content: "then sees that it waits, and since when,",
            trigger: ".o_control_section[data-area=approval]:contains(waits since)",
        },
        {
            content: "takes it back",
            trigger: "button[name=action_recall]",
            run: "click",
        },
        {
            content: "and could submit it once more.",
            trigger: "button[name=action_submit]",
        },
    ]),
});

tours.add("sale_order_control_desk_batch", {
    steps: () => patient([
        {
            content: "The approver selects everything that waits",
            trigger: ".o_list_view thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "and agrees with one click.",
            trigger: ".o_control_panel button[name=action_agree]",
            run: "click",
        },
        {
            content: "What could not be decided is named, with the reason.",
            trigger: ".o_notification:contains(wants your opinion in writing)",
        },
    ]),
});

tours.add("sale_order_control_desk_delegate", {
    steps: () => patient([
        {
            content: "The delegate opens what waits on behalf of somebody else",
            trigger: ".o_data_row:contains(Controlled Customer) .o_data_cell[name=document_name]",
            run: "click",
        },
        {
            content: "sees in whose place the decision is made",
            trigger: ".o_field_widget[name=level_html]:contains(for soc_finance)",
        },
        {
            content: "and agrees.",
            trigger: "button[name=action_agree]:enabled",
            run: "click",
        },
        {
            content: "There is nothing left to decide.",
            trigger: ".o_form_view:not(:has(button[name=action_agree]))",
        },
    ]),
});

tours.add("sale_order_control_desk_manager", {
    steps: () => patient([
        {
            content: "The manager takes over what nobody decides",
            trigger: "button:contains(Take Over)",
            run: "click",
        },
        {
            content: "says why",
            trigger: ".modal .o_field_widget[name=comment] textarea",
            run: "edit The customer waits in the shop",
        },
        {
            content: "and may decide from then on",
            trigger: ".modal button[name=action_decide]",
            run: "click",
        },
        {
            content: "with a click of their own.",
            trigger: "button[name=action_agree]:enabled",
            run: "click",
        },
        {
            content: "There is nothing left to decide.",
            trigger: ".o_form_view:not(:has(button[name=action_agree]))",
        },
    ]),
});
