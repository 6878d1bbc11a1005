import { registry } from "@web/core/registry";

// A shortage, where it is met: by the salesperson on a quotation, by the planner in the queue.
const tours = registry.category("web_tour.tours");

tours.add("sale_order_control_shortage_resolve", {
    steps: () => [
        {
            content: "The line says what is missing and until when",
            trigger: ".o_field_x2many_list .o_data_row:contains(Short by 20 until)",
        },
        {
            content: "the lifebuoy beside it opens the ways out",
            trigger: ".o_data_row button[name=action_resolve_shortage]",
            run: "click",
        },
        {
            content: "with the figures",
            trigger: ".modal:contains(30 of 50 Units can be there)",
        },
        {
            content: "and one proposal,",
            trigger: ".modal .o_control_shortage li:contains(Deliver in Parts):contains(Proposed)",
        },
        {
            content: "but the customer would rather wait",
            trigger: ".modal .o_field_widget[name=kind] input[data-value=wait]",
            run: "click",
        },
        {
            content: "and says so by phone.",
            trigger: ".modal .o_field_widget[name=consent_by] input",
            run: "edit Ms Miller, by phone",
        },
        {
            content: "It is done",
            trigger: ".modal button[name=action_resolve]",
            run: "click",
        },
        {
            content: "and nothing is short any more.",
            trigger: "body:not(:has(.modal)) .o_field_x2many_list .o_data_row:not(:contains(Short by))",
        },
    ],
});

tours.add("sale_order_control_shortage_displace", {
    steps: () => [
        {
            content: "The planner opens a line of the queue for another day",
            trigger: ".o_data_row:contains(Urgent Customer) button[name=action_promise_other]",
            run: "click",
        },
        {
            content: "and promises the day the customer wants,",
            trigger: ".modal .o_field_widget[name=promised_date] input, .modal button[data-field=promised_date]",
            run: "click",
        },
        {
            content: "which is today,",
            trigger: ".o_datetime_picker .o_today",
            run: "click",
        },
        {
            content: "and reads whose promise slips because of it",
            trigger: ".modal [name=displaced]:contains(Patient Customer):contains(days later)",
        },
        {
            content: "who is promised the new day at once.",
            trigger: ".modal .o_field_widget[name=move_others] input",
            run: "click",
        },
        {
            content: "That needs a reason",
            trigger: ".modal .o_field_widget[name=reason_id] input",
            run: "edit Another order",
        },
        {
            content: "of the list",
            trigger: ".o-autocomplete--dropdown-item:contains(Another order goes first)",
            run: "click",
        },
        {
            content: "and is promised.",
            trigger: ".modal button[name=action_apply]",
            run: "click",
        },
        {
            content: "The queue is there again.",
            trigger: "body:not(:has(.modal)) .o_list_view",
        },
    ],
});
