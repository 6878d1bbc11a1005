import { registry } from "@web/core/registry";

import { patient } from "./steps";

// What people do about credit all day, one tour per person.

registry.category("web_tour.tours").add("sale_order_control_credit_typing", {
    steps: () => patient([
        {
            content: "The salesperson names the customer",
            trigger: ".o_field_widget[name=partner_id] input",
            run: "edit Controlled Customer",
        },
        {
            trigger: "ul.ui-autocomplete > li > a:contains(Controlled Customer)",
            run: "click",
        },
        {
            content: "and reads at once what is left.",
            trigger: ".o_field_widget[name=credit_outlook]:contains(available now)",
        },
        {
            content: "A product more,",
            trigger: "a:contains(Add a product)",
            run: "click",
        },
        {
            trigger: ".o_selected_row div[name=product_template_id] input, .o_selected_row div[name=product_id] input",
            run: "edit Controlled Product",
        },
        {
            trigger: "ul.ui-autocomplete a:contains(Controlled Product)",
            run: "click",
        },
        {
            content: "and it is too much, before anything is saved,",
            trigger: ".o_field_widget[name=credit_outlook] .text-danger:contains(after this order)",
        },
        {
            content: "also when the order is submitted:",
            trigger: "button[name=action_submit]",
            run: "click",
        },
        {
            content: "it is on hold,",
            trigger: ".o_control_headline .o_field_widget[name=control_status]:contains(Credit Hold)",
        },
        {
            content: "for a reason in words,",
            trigger: ".o_control_section[data-area=credit] .o_control_issue:contains(over the limit of)",
        },
        {
            content: "and the panel says what clears it.",
            trigger: ".o_control_section[data-area=credit] .o_control_clears:contains(Clears when)",
        },
    ]),
});

registry.category("web_tour.tours").add("sale_order_control_credit_release", {
    steps: () => patient([
        {
            content: "The controller opens the order in the work list",
            trigger: ".o_data_row:contains(Controlled Customer):contains(Over the limit) td[name=name]",
            run: "click",
        },
        {
            content: "reads why it is held and what clears it,",
            trigger: ".o_form_view .alert:contains(over the limit of):contains(Clears when)",
        },
        {
            content: "and releases it,",
            trigger: ".o_statusbar_buttons button:contains(Release)",
            run: "click",
        },
        {
            content: "for a reason,",
            trigger: ".modal .o_field_widget[name=reason] textarea",
            run: "edit Payment promised for Friday",
        },
        {
            content: "up to an amount.",
            trigger: ".modal .o_data_row td[name=amount]",
            run: "click",
        },
        {
            trigger: ".modal .o_selected_row .o_field_widget[name=amount] input",
            run: "edit 1500",
        },
        {
            trigger: ".modal footer button[name=action_decide]:contains(Release)",
            run: "click",
        },
        {
            content: "It is released.",
            trigger: ".o_arrow_button_current:contains(Released)",
        },
    ]),
});

registry.category("web_tour.tours").add("sale_order_control_credit_pay", {
    steps: () => patient([
        {
            content: "The customer reads an amount and no reason",
            trigger: "[name=payment_offer]:contains(100.00):not(:contains(limit)):not(:contains(credit))",
        },
        {
            content: "and wants to pay it.",
            trigger: "[name=payment_offer] a:contains(Pay now)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Odoo's own payment asks for that amount",
            trigger: "#o_sale_portal_paynow",
            run: "click",
        },
        {
            trigger: ".modal.show:contains(100.00) button[name=o_payment_submit_button]:enabled",
        },
    ]),
});

registry.category("web_tour.tours").add("sale_order_control_credit_paid", {
    steps: () => patient([
        {
            content: "The page says that the order goes on,",
            trigger: ".o_portal_sale_sidebar",
        },
        {
            content: "and asks for no money.",
            trigger: "body:not(:has([name=payment_offer]))",
        },
    ]),
});
