{
    'name': "Sales Order Control",
    'version': '19.0.1.0.0',
    'category': 'Sales/Sales',
    'summary': "Credit, approval, delivery promise and follow-up: sales orders under control",
    'author': "sale_order_control contributors",
    'license': 'LGPL-3',
    'depends': ['sale_management', 'sale_stock', 'sale_margin', 'rating', 'portal', 'resource'],
    'data': [
        'security/groups.xml',
        'security/ir.model.access.csv',
        'security/order_rules.xml',
        'security/credit_rules.xml',
        'security/approval_rules.xml',
        'security/delivery_rules.xml',

        'data/mail_activity_type_data.xml',
        'data/sale_control_type_data.xml',
        'data/sale_control_source_data.xml',
        'data/sale_control_requirement_data.xml',
        'data/credit_data.xml',
        'data/approval_data.xml',
        'data/delivery_data.xml',

        'views/order/sale_order_views.xml',
        'views/order/sale_control_log_views.xml',
        'views/order/sale_control_type_views.xml',
        'views/order/sale_control_requirement_views.xml',
        'views/order/res_config_settings_views.xml',
        'views/order/stock_picking_views.xml',
        'views/order/portal_templates.xml',
        'views/order/report_templates.xml',
        'views/credit/credit_views.xml',
        'views/approval/approval_views.xml',
        'views/delivery/delivery_views.xml',
        # Menus last: they name the actions of all rooms.
        'views/menus.xml',
    ],
    'demo': [
        'demo/order_demo.xml',
        'demo/credit_demo.xml',
        'demo/approval_demo.xml',
        'demo/delivery_demo.xml',
    ],
    'assets': {
        'web.assets_backend': [
            'sale_order_control/static/src/**/*',
        ],
        'web.assets_tests': [
            'sale_order_control/static/tests/tours/**/*',
        ],
    },
    'application': True,
}
