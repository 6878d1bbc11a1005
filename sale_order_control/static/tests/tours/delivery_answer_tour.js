import { registry } from "@web/core/registry";

// What customers do on the page of their order. A busy machine takes its time over a page.
const patient = (steps) => steps.map((step) => ({ timeout: 40000, ...step }));

registry.category("web_tour.tours").add("sale_order_control_delivery_answer", {
    steps: () => patient([
        {
            content: "The customer reads the promised date",
            trigger: "[name=delivery_questions]:contains(Do these dates suit you?):contains(Controlled Product)",
        },
        {
            content: "and wants something else:",
            trigger: "[name=delivery_questions] summary:contains(Something else)",
            run: "click",
        },
        {
            content: "another date,",
            trigger: "[name=delivery_questions] input[type=radio][value=other_date]",
            run: "click",
        },
        {
            trigger: "[name=delivery_questions] input[type=date]",
            run({ anchor }) {
                anchor.value = "2099-03-01";
            },
        },
        {
            content: "for a reason.",
            trigger: "[name=delivery_questions] textarea[name=comment]",
            run: "edit Our hall is closed until then",
        },
        {
            trigger: "[name=delivery_questions] button:contains(Send answer)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The page says that it was received, and by whom it is answered.",
            trigger: "#control_delivery:contains(We have received your answer):contains(you asked for another date)",
        },
        {
            content: "It is not asked again.",
            trigger: "#control_delivery:not(:has([name=delivery_questions]))",
        },
    ]),
});

registry.category("web_tour.tours").add("sale_order_control_delivery_receipt", {
    steps: () => patient([
        {
            content: "The customer signs for what has arrived,",
            trigger: "[name=portal_delivery] button:contains(Sign receipt)",
            run: "click",
        },
        {
            content: "with Odoo's own signature form,",
            trigger: ".modal.show .o_web_sign_name_input, .modal.show input[name=signer]",
            run: "edit Ms Li",
        },
        {
            trigger: ".modal.show .o_portal_sign_submit:enabled",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "and reads that it is signed.",
            trigger: "[name=portal_delivery]:contains(Receipt signed)",
        },
        {
            content: "Something is wrong all the same:",
            trigger: "[name=portal_delivery] summary:contains(Something is wrong)",
            run: "click",
        },
        {
            trigger: "[name=portal_delivery] textarea[name=remark]",
            run: "edit One box is wet",
        },
        {
            trigger: "[name=portal_delivery] input[name=contact]",
            run: "edit Ms Li",
        },
        {
            trigger: "[name=portal_delivery] button:contains(Tell us)",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "it reaches us at once.",
            trigger: "#control_delivery:contains(Thank you for telling us)",
        },
    ]),
});
