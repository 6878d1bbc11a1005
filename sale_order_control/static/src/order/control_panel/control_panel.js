import { Component, onWillUpdateProps, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

// A tone is an icon and a word as well as a colour.
const TONES = {
    success: { icon: "fa-check-circle", word: _t("OK") },
    info: { icon: "fa-info-circle", word: _t("Note") },
    warning: { icon: "fa-exclamation-triangle", word: _t("Attention") },
    danger: { icon: "fa-times-circle", word: _t("Problem") },
    // Nothing to say yet: no limit is set, no date is promised. The section's own words suffice.
    muted: { icon: "fa-circle-o", word: "" },
};
const URGENCY = ["danger", "warning", "info", "success", "muted"];

const EFFECTS = {
    block: { icon: "fa-ban", tone: "danger", word: _t("Stops the order") },
    approve: { icon: "fa-user-o", tone: "warning", word: _t("Needs approval") },
    warn: { icon: "fa-info-circle", tone: "info", word: _t("To know") },
};

const SHADOWS = {
    block: _t("Would have stopped the order"),
    approve: _t("Would have needed approval"),
};

/**
 * What stands between an order and its next step: a section per area, in words.
 *
 * Unfolded when something asks for attention, folded when all is clear; whoever folds it themselves
 * keeps it so until they open another order.
 */
export class ControlPanelField extends Component {
    static template = "sale_order_control.ControlPanelField";
    static props = { ...standardFieldProps };

    setup() {
        this.state = useState({ choice: null });
        onWillUpdateProps((nextProps) => {
            if (nextProps.record.resId !== this.props.record.resId) {
                this.state.choice = null;
            }
        });
    }

    get sections() {
        return (this.props.record.data[this.props.name] || []).map((section) => ({
            ...section,
            toneInfo: TONES[section.tone] || TONES.info,
            colour: section.tone in TONES ? section.tone : "info",
            issues: section.issues.map((issue) => this.describeIssue(issue)),
        }));
    }

    /** An issue in shadow mode stops nobody: it says what it would have done. */
    describeIssue(issue) {
        const shadow = SHADOWS[issue.would];
        const effect = EFFECTS[issue.effect] || EFFECTS.warn;
        return { ...issue, ...effect, word: shadow || effect.word, shadow: Boolean(shadow) };
    }

    get worstTone() {
        const tones = this.sections.map((section) => section.colour);
        return URGENCY.find((tone) => tones.includes(tone)) || "muted";
    }

    get isClear() {
        return ["success", "muted"].includes(this.worstTone);
    }

    get isOpen() {
        return this.state.choice ?? !this.isClear;
    }

    /** One line that stands for the folded panel: the areas that ask for attention, worst first. */
    get headline() {
        if (this.isClear) {
            return _t("All clear");
        }
        if (this.isOpen) {
            return "";
        }
        return URGENCY.slice(0, 3)
            .map((tone) => [tone, this.sections.filter((section) => section.colour === tone)])
            .filter(([, sections]) => sections.length)
            .map(([tone, sections]) =>
                _t("%(word)s: %(areas)s", {
                    word: TONES[tone].word,
                    areas: sections.map((section) => section.title).join(", "),
                })
            )
            .join(" · ");
    }

    get headlineTone() {
        return TONES[this.worstTone];
    }

    get panelId() {
        return `control_panel_${this.props.record.id}`;
    }

    toggle() {
        this.state.choice = !this.isOpen;
    }
}

export const controlPanelField = {
    component: ControlPanelField,
    displayName: _t("Control Panel"),
    supportedTypes: ["json"],
};

registry.category("fields").add("control_panel", controlPanelField);
