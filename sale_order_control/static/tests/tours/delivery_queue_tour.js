import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("sale_order_control_queue", {
    steps: () => [
        {
            content: "The planner sees how much waits,",
            trigger: ".o_promise_queue_counters [data-counter=to_promise]:contains(To Promise)",
            run: "click",
        },
        {
            content: "and lines with a proposal and without one,",
            trigger: ".o_data_row:contains(Controlled Customer):contains(Scarce Product)",
        },
        {
            content: "looks at this customer only,",
            trigger: ".o_searchview_input",
            run: "edit Controlled Customer",
        },
        {
            trigger: ".o_searchview_autocomplete .o-dropdown-item:contains(Search Customer for)",
            run: "click",
        },
        {
            trigger: ".o_searchview_facet:contains(Controlled Customer)",
        },
        {
            content: "accepts all proposals with Ctrl+Enter,",
            trigger: "body",
            run: "press ctrl+Enter",
        },
        {
            content: "and reads what could not be promised and why.",
            trigger: ".o_notification:contains(Lines promised: 1):contains(Scarce Product: nothing known brings it)",
        },
        {
            content: "The promised line has gone from the list.",
            trigger: ".o_data_row:contains(Scarce Product)",
        },
    ],
});

registry.category("web_tour.tours").add("sale_order_control_held", {
    steps: () => [
        {
            content: "The warehouse opens a transfer that is held and reads why,",
            trigger: ".alert:contains(These goods cannot leave yet):contains(No delivery date has been promised)",
        },
        {
            content: "and who clears it.",
            trigger: ".alert:contains(A delivery planner promises a date)",
        },
        {
            content: "Trying all the same",
            trigger: "button[name=button_validate]",
            run: "click",
        },
        {
            content: "ends with the same words.",
            trigger: ".modal:contains(No delivery date has been promised)",
        },
        {
            trigger: ".modal footer button, .modal .btn-close",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
    ],
});
