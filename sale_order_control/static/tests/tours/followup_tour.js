import { registry } from "@web/core/registry";

// A salesperson's morning. A busy machine takes its time over a page.
const patient = (steps) => steps.map((step) => ({ timeout: 40000, ...step }));

registry.category("web_tour.tours").add("sale_order_control_followup_morning", {
    steps: () => patient([
        {
            content: "Two follow-ups are due, each once; tomorrow's is not shown",
            trigger: ".o_list_view:has(.o_data_row:contains(First)):has(.o_data_row:contains(Second)):not(:contains(Tomorrow))",
        },
        {
            content: "The first one is called",
            trigger: ".o_data_row:contains(First) button[name=action_log]",
            run: "click",
        },
        {
            content: "The form says about what",
            trigger: ".modal .o_field_widget[name=document_name]",
        },
        {
            trigger: ".modal .o_field_widget[name=contact] input",
            run: "edit Ms Smith",
        },
        {
            trigger: ".modal .o_field_widget[name=content] textarea",
            run: "edit Everything has arrived",
        },
        {
            content: "It is recorded, and the next one is asked about",
            trigger: ".modal button[name=action_record_and_next]",
            run: "click",
        },
        {
            trigger: ".modal-title:contains(Second)",
        },
        {
            trigger: ".modal .o_field_widget[name=content] textarea",
            run: "edit Nobody picked up",
        },
        {
            trigger: ".modal .o_field_widget[name=result] label:contains(Nobody Was Reached)",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_record]:not([disabled])",
            run: "click",
        },
        {
            content: "Nothing waits any more",
            trigger: ".o_view_nocontent_smiling_face:contains(Nothing waits for you today)",
        },
    ]),
});
