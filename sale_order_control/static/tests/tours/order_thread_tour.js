import { registry } from "@web/core/registry";

import { patient } from "./steps";

// The main job, one tour per person: each starts where that person really starts.

registry.category("web_tour.tours").add("sale_order_control_submit", {
    steps: () => patient([
        {
            content: "The salesperson submits the quotation",
            trigger: "button[name=action_submit]",
            run: "click",
        },
        {
            content: "reads who will decide, says why it is worth it",
            trigger: ".modal .o_field_widget[name=comment] textarea",
            run: "edit A good customer",
        },
        {
            content: "and sends it off,",
            trigger: ".modal footer button[name=action_submit]",
            run: "click",
        },
        {
            content: "and reads who acts next,",
            trigger: ".o_control_headline .o_field_widget[name=control_status]:contains(Waiting for Approval)",
        },
        {
            content: "and why it stops",
            trigger: ".o_control_section[data-area=credit] .o_control_issue:contains(over the limit of)",
        },
        {
            content: "and what clears it.",
            trigger: ".o_control_section[data-area=credit] .o_control_clears:contains(Clears when)",
        },
    ]),
});

registry.category("web_tour.tours").add("sale_order_control_agree", {
    steps: () => patient([
        {
            content: "The approver opens the activities",
            trigger: ".o_menu_systray i[aria-label=Activities]",
            run: "click",
        },
        {
            content: "finds the request there",
            trigger: ".o-mail-ActivityGroup:contains(Approval Request)",
            run: "click",
        },
        {
            content: "opens it",
            trigger: ".o_data_row .o_data_cell, .o_kanban_record:not(.o_kanban_ghost)",
            run: "click",
        },
        {
            content: "reads why he is asked",
            trigger: ".o_form_view:contains(over the limit of)",
        },
        {
            content: "and agrees.",
            trigger: "button[name=action_agree]:enabled",
            run: "click",
        },
        {
            content: "There is nothing left to decide for this person.",
            trigger: ".o_form_view:not(:has(button[name=action_agree]))",
        },
    ]),
});

registry.category("web_tour.tours").add("sale_order_control_promise", {
    steps: () => patient([
        {
            content: "The planner takes the line of the order",
            trigger: ".o_data_row:contains(Controlled Customer) .o_list_record_selector input",
            run: "click",
        },
        {
            content: "and promises the proposed date.",
            trigger: "button[name=action_promise_proposed]",
            run: "click",
        },
        {
            content: "Nothing of this customer is left to promise.",
            trigger: ".o_list_view:not(:has(.o_data_row:contains(Controlled Customer))), .o_nocontent_help",
        },
    ]),
});

registry.category("web_tour.tours").add("sale_order_control_promised", {
    steps: () => patient([
        {
            content: "The salesperson sees that the date is promised",
            trigger: ".o_control_headline .o_field_widget[name=control_status]:contains(Promised)",
        },
        {
            content: "unfolds the panel,",
            trigger: ".o_control_panel_toggle[aria-expanded=false]",
            run: "click",
        },
        {
            content: "and reads for when.",
            trigger: ".o_control_section[data-area=promise]:contains(Open lines promised: 1 of 1)",
        },
    ]),
});
