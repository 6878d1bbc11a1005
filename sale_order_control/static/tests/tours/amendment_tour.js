import { registry } from "@web/core/registry";

// A salesperson changes one quantity of a partly delivered order: three clicks, without leaving the order.
registry.category("web_tour.tours").add("sale_order_control_amend_quantity", {
    steps: () => [
        {
            content: "The order was delivered in part",
            trigger: ".o_statusbar_buttons button[name=action_amend]",
            run: "click",
        },
        {
            content: "what was delivered is beside what was ordered",
            trigger: ".modal .o_field_x2many_list .o_data_row td[name=qty_delivered]:contains(4.00)",
        },
        {
            content: "a quantity below it",
            trigger: ".modal .o_data_row td[name=product_uom_qty]",
            run: "click",
        },
        {
            content: "is",
            trigger: ".modal .o_data_row td[name=product_uom_qty] input",
            run: "edit 3 && press Tab",
        },
        {
            content: "told to be impossible at once",
            trigger: ".modal .o_field_widget[name=impact_html]:contains(are delivered already)",
        },
        {
            content: "so it is another one",
            trigger: ".modal .o_data_row td[name=product_uom_qty]",
            run: "click",
        },
        {
            content: "that",
            trigger: ".modal .o_data_row td[name=product_uom_qty] input",
            run: "edit 7 && press Tab",
        },
        {
            content: "shows what follows",
            trigger: ".modal .o_field_widget[name=impact_html]:contains(Nobody need agree)",
        },
        {
            content: "and is applied",
            trigger: ".modal footer button[name=action_submit]",
            run: "click",
        },
        {
            content: "to the order, which is still on the screen.",
            trigger: "body:not(:has(.modal)) .o_field_x2many_list .o_data_row td[name=product_uom_qty]:contains(7.00)",
        },
    ],
});
